"""A picture as its negative, for manifests: `- negative`."""

from dlscope.pipelines.base import Spec, Step, StepContext, Value, as_array


class Negative(Step):
    """255 − x of every byte of a picture."""

    step = "negative"

    def _infer(self, spec: Spec) -> Spec:
        if spec.dtype != "uint8":
            raise self._refuse(f"negative takes bytes, got {spec}", "put it before the cast")
        return spec

    def _apply(self, value: Value, _context: StepContext) -> Value:
        return value.with_data(255 - as_array(value))
