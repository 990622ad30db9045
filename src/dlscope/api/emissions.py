"""Co-design: `emit_design`, `simulate_design`: a searched design as something that runs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlscope.api.found_searches import design_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dlscope.core.report import Report
    from dlscope.methods.codesign.emission.agreement import Agreement
    from dlscope.methods.codesign.emission.emitting import Accelerator, Emitted, Tiling
    from dlscope.methods.codesign.folded_network import FoldedNetwork
    from dlscope.methods.codesign.searching.design_file import DesignFile

_DESIGN, _NETWORK = "design.json", "network.npz"
_FORMS = ("onnx", "cpp")
_CALIBRATION = 64


def emit_design(
    design: str | Path,
    *,
    to: str,
    output: str | Path | None = None,
    tiling: Tiling | None = None,
    lanes: int | None = None,
    accumulator_bits: int | None = None,
    seed: int = 0,
    store: str | None = None,
) -> Report:
    """A design as `onnx` or `cpp`, beside it or in the folder `output`.

    `design` is its file, a folder with one, or a search by the beginning of its name, whose chosen
    design is meant. Its trained network lies beside it. An accelerator is compiled, run and held
    against the integer reference before anything of it is written; its form is that of the device,
    or `tiling`, its lanes those that were searched, or `lanes` for each layer. Its accumulators are
    as wide as the sums of the trained weights need, or refused beyond `accumulator_bits`. The
    design gets the SHA-256 of every file. Raises `SearchError` for another form, for a design that
    was not trained, and for an accelerator that gives any other integer.
    """
    from dlscope.methods.codesign.emission import report

    path = design_path(design, store=store)
    file, network = _read(path)
    folder = _folder(path, output)
    agreed = None
    if to == "onnx":
        emitted = _emit_onnx(file, network, folder)
        agreed = _agreement(file, network, folder / emitted.files[0])
    elif to == "cpp":
        accelerator = _accelerator(file, tiling, lanes, accumulator_bits)
        emitted = _emit_cpp(file, network, folder, accelerator, seed)
    else:
        raise _no_form(to)
    names = emitted.files
    file.with_files(folder, names).save(folder / (path.name if output is None else _DESIGN))
    tables = (
        report.verification_table(emitted.verification),
        report.agreement_table(agreed, file.accuracy),
        report.emitted_table(folder, names),
    )
    proofs = emitted.verification, agreed
    command = f"dlscope codesign emit {design} --to {to}"
    title, answer = f"{file.identity} as {to}", f"{len(names)} files are in {folder}."
    if emitted.accumulator_bits is not None:
        answer += f" Accumulators have up to {emitted.accumulator_bits} bits, as the sums need."
    following = [_next(folder, names, to)]
    return report.emission_report(
        title, answer, tables, *proofs, command=command, next_commands=following
    )


def simulate_design(
    design: str | Path, *, vectors: int = 200, seed: int = 0, store: str | None = None
) -> Report:
    """The accelerator that lies beside a design, run and held against the reference.

    `design` is a file, a folder or a search, as `emit_design` takes it. The accelerator is compiled
    as it lies there. Raises `SearchError` with the layer, the index and both values
    of the first integer that differs, and for files that the design does not give.
    """
    import numpy as np

    from dlscope.methods.codesign.emission import report
    from dlscope.methods.codesign.emission.emitting import FOLDER, Accelerator, verified_folder
    from dlscope.methods.codesign.emission.quantise import quantise

    path = design_path(design, store=store)
    file, network = _read(path)
    folder = path.parent / FOLDER
    accelerator = Accelerator.read(folder)
    integers = quantise(
        network,
        _calibration(file, network),
        most_accumulator_bits=accelerator.most_accumulator_bits,
    )
    source = accelerator.source(integers, title=_name(file))
    found = verified_folder(integers, source, folder, np.random.default_rng(seed), count=vectors)
    return report.emission_report(
        f"{file.identity}, {accelerator.tiling}, simulated",
        f"{found.vectors} inputs were simulated.",
        (report.verification_table(found),),
        found,
        None,
        command=f"dlscope codesign simulate {design}",
    )


def _next(folder: Path, names: Sequence[str], to: str) -> tuple[str, str]:
    """What can be done with the files `names` of an emitted design."""
    if to == "cpp":
        return f"dlscope codesign simulate {folder} --vectors 1000", "run it on more inputs"
    manifest = next(name for name in names if name.endswith(".yaml"))
    return f"dlscope profile {folder / manifest}", "see where its time goes"


def _read(path: Path) -> tuple[DesignFile, FoldedNetwork]:
    """The design and its trained network."""
    from dlscope.core.errors import SearchError
    from dlscope.methods.codesign.searching.design_file import DesignFile
    from dlscope.methods.codesign.stored_network import load_network

    file = DesignFile.load(path)
    trained = path.parent / _NETWORK
    if not trained.is_file():
        raise SearchError(
            f"there is no trained network {_NETWORK} beside the design",
            where=str(path),
            fix=f"train it: dlscope codesign train {path} --data DATASET --into FOLDER",
        )
    return file, load_network(trained)


def _folder(path: Path, output: str | Path | None) -> Path:
    """Where files go: beside the design, or another folder, with the network in it as well."""
    from dlscope.methods.codesign.output_folder import output_folder

    if output is None:
        return path.parent
    folder = output_folder(Path(output))
    if folder.resolve() != path.parent.resolve():
        shutil.copyfile(path.parent / _NETWORK, folder / _NETWORK)
    return folder


def _emit_onnx(file: DesignFile, network: FoldedNetwork, folder: Path) -> Emitted:
    from dlscope.methods.codesign.emission.emitting import emit_onnx

    images = _calibration(file, network)
    return emit_onnx(network, images, folder, name=_name(file), dataset=_dataset(file))


def _emit_cpp(
    file: DesignFile, network: FoldedNetwork, folder: Path, accelerator: Accelerator, seed: int
) -> Emitted:
    import numpy as np

    from dlscope.methods.codesign.emission.emitting import emit_accelerator

    return emit_accelerator(
        network,
        _calibration(file, network),
        accelerator,
        folder,
        name=_name(file),
        rng=np.random.default_rng(seed),
    )


def _accelerator(
    file: DesignFile, tiling: Tiling | None, lanes: int | None, accumulator_bits: int | None
) -> Accelerator:
    """What the device asks for, with the lanes that were searched; a pipeline otherwise."""
    from dlscope.methods.codesign.emission.emitting import Accelerator
    from dlscope.methods.codesign.emission.quantise import EXACT_BITS

    board, _, model = file.device.rpartition(":")
    tilings: dict[str, Tiling] = {"recursive": "recursive", "dataflow": "dataflow"}
    part, clock_mhz = _part(board) if model in (*tilings, "pipelined") else ("", 0.0)
    return Accelerator(
        tiling=tiling or tilings.get(model, "pipelined"),
        lanes=tuple(lanes or int(stage["lanes"]) for stage in file.stages),
        part=part,
        clock_mhz=clock_mhz,
        most_accumulator_bits=EXACT_BITS if accumulator_bits is None else accumulator_bits,
    )


def _part(board: str) -> tuple[str, float]:
    """The part of a board and its clock."""
    from dlscope.catalog.finder import find
    from dlscope.core.manifest import BoardManifest

    found = find("board", board)
    if not isinstance(found, BoardManifest):
        raise TypeError(f"{board} is no board")
    return found.part, found.clock_mhz


def _calibration(file: DesignFile, network: FoldedNetwork) -> NDArray[Any]:
    """Images for layers without a step: of the data set that the design was trained on.

    A network that was trained at its bits has all steps; then any input will do.
    """
    import numpy as np

    if all(layer.activation_scale is not None for layer in network.layers):
        return np.zeros((1, *network.input), np.float32)
    found = _test_images(file)
    if found is None:
        return np.random.default_rng(0).random((16, *network.input), np.float32)
    return found[0][:_CALIBRATION]


def _agreement(file: DesignFile, network: FoldedNetwork, model: Path) -> Agreement | None:
    """How the emitted model answers the test images; None without a data set, or a runtime."""
    from dlscope.core.errors import PluginError
    from dlscope.methods.codesign.emission.agreement import agreement
    from dlscope.methods.codesign.emission.emitting import reference_of

    found = _test_images(file)
    if found is None:
        return None
    images, labels = found
    reference = reference_of(network, _calibration(file, network))
    try:
        return agreement(reference, model, images, labels)
    except PluginError:  # ONNX Runtime is an extra; a model can be emitted without it
        return None


def _test_images(file: DesignFile) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Images, and their classes, that neither the search nor the training has seen.

    None without a data set, and for one that the catalog does not know.
    """
    from dlscope.api.search_inputs import images_of
    from dlscope.core.errors import ManifestError
    from dlscope.methods.codesign.searching.images import Splits

    if not file.dataset:
        return None
    try:
        images = images_of(file.dataset, file.space_of_it())
    except ManifestError:
        return None
    tested = Splits.of(images, name=file.dataset, seed=0).test
    return tested.images_nchw, tested.labels


def _name(file: DesignFile) -> str:
    return f"design-{file.identity}"


def _dataset(file: DesignFile) -> str:
    """The name of its data set, without the version."""
    return file.dataset.partition("@")[0]


def _no_form(to: str) -> Exception:
    from dlscope.core.errors import SearchError, did_you_mean

    return SearchError(
        f"a design cannot be emitted as {to!r}", where="--to", fix=did_you_mean(to, _FORMS)
    )
