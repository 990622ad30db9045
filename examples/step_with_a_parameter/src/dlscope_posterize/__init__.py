"""A picture of few levels, for manifests: `- posterize: {bits: 3}`."""

from pydantic import Field

from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array


class Posterize(Step):
    """Keeps the `bits` highest of every byte of a picture, the others become 0."""

    step = "posterize"
    bits: int = Field(default=4, ge=1, le=8)

    def _infer(self, spec: Spec) -> Spec:
        if spec.dtype != "uint8":
            raise self._refuse(f"posterize takes bytes, got {spec}", "put it before the cast")
        return spec

    def _apply(self, value: Value, _context: StepContext) -> Value:
        return value.with_data(as_array(value) & (256 - 2 ** (8 - self.bits)))
