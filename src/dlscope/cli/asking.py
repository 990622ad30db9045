"""What can be asked of a measurement on the command line, and the request it makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import typer

from dlscope.core.errors import PlanError

Word = TypeVar("Word", bound=str)

BACKEND = typer.Option(
    ["onnxruntime"], "--backend", "-b", help="Backend, or backend==version; repeat for several."
)
BACKENDS = typer.Option(
    None, "--backend", "-b", help="Backend, or backend==version; repeat for two or more."
)
DATASET = typer.Option(None, "--dataset", "-d", help="Data set; default: the model's own.")
RERUN = typer.Option(False, "--rerun", help="Measure again what is finished.")
HOOKS = typer.Option(
    None, "--allow-hooks", help="SHA-256 of hooks that may run, or `all`; repeat for several."
)
SCHEDULER = typer.Option(
    "local", "--scheduler", help="Who carries it out: local, or ray for the agents of a cluster."
)
ADDRESS = typer.Option(None, "--address", help="HOST:PORT of a Ray cluster; default: the one here.")


def labels(given: list[str] | None) -> dict[str, str]:
    """Labels from texts such as `lab=a`. Raises `PlanError` for others."""
    found: dict[str, str] = {}
    for text in given or ():
        name, _, value = text.partition("=")
        if not (name and value):
            raise PlanError(
                f"{text!r} is not a label and its value", where="--label", fix="write it as lab=a"
            )
        found[name] = value
    return found


def scenario_asked(name: str, fields: list[str] | None = None, **changes: Any) -> dict[str, Any]:
    """The scenario `name` with those of `changes` that were given, and the `fields` of `--set`.

    Raises `PlanError` as `fields_asked` does, and for a field that an option has set already.
    """
    given = {field: value for field, value in changes.items() if value not in (None, [], ())}
    others = fields_asked(fields)
    if twice := next((field for field in others if field in given or field == "name"), None):
        raise _unclear(f"{twice!r} has an option of its own, which is given, too", "set it once")
    return {"name": name, **given, **others}


def fields_asked(
    given: list[str] | None, option: str = "--set", example: str = "users=8"
) -> dict[str, Any]:
    """Fields from texts such as `users=8` or `settings.user_conf=FILE`, given to an `option`.

    A value is read as YAML. Raises `PlanError` for a text without a name or a value, and for a
    field that is given twice.
    """
    fields: dict[str, Any] = {}
    for text in given or ():
        path, equals, value = text.partition("=")
        if not (path and equals):
            raise _unclear(
                f"{text!r} is not a field and its value", f"write it as {example}", option
            )
        *outer, name = path.split(".")
        inner: Any = fields
        for each in outer:
            inner = inner.setdefault(each, {})
            if not isinstance(inner, dict):
                what = f"{path!r} is a part of what is set as a whole"
                raise _unclear(what, "set one of them", option)
        if name in inner:
            raise _unclear(f"{path!r} is set twice", "set it once", option)
        inner[name] = _read(value, text, option)
    return fields


def _read(value: str, text: str, option: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise _unclear(f"the value of {text!r} is not YAML", "put it in quotes", option) from error


def _unclear(what: str, fix: str, option: str = "--set") -> PlanError:
    return PlanError(what, where=option, fix=fix)


def options_asked(**options: Any) -> dict[str, Any]:
    """Those of the options of a backend that were given."""
    return {name: value for name, value in options.items() if value is not None}


def experiment_file(models: list[str]) -> Any:
    """The experiment in the one file named, None where models are named."""
    if len(models) != 1 or not models[0].endswith((".yaml", ".yml")):
        return None
    from dlscope.catalog.document import load_manifest
    from dlscope.core.manifest import ExperimentManifest

    manifest = load_manifest(Path(models[0]))
    return manifest if isinstance(manifest, ExperimentManifest) else None


def numbers(text: str, option: str) -> list[int]:
    """The positive whole numbers of a list such as `1,2,4`. Raises `PlanError` for others."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise PlanError(
            f"{text!r} is not a list of positive whole numbers",
            where=option,
            fix="write it as 1,2,4",
        )
    return [int(word) for word in words]


def sizes(given: list[str] | None, option: str) -> dict[str, int]:
    """Sizes of axes from texts such as `height=224`. Raises `PlanError` for others."""
    found: dict[str, int] = {}
    for text in given or ():
        name, _, size = text.partition("=")
        if not (name and size.isdecimal() and int(size) > 0):
            raise PlanError(
                f"{text!r} is not an axis and its size", where=option, fix="write it as height=224"
            )
        found[name] = int(size)
    return found


def seeds_of(text: str, option: str) -> list[int]:
    """The whole numbers of a list such as `0,1,2`, each once. Raises `PlanError` for others."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() for word in words) or len(set(words)) != len(words):
        raise PlanError(
            f"{text!r} is not a list of different seeds", where=option, fix="write it as 0,1,2"
        )
    return [int(word) for word in words]


def width_by_height(text: str, option: str = "--size") -> tuple[int, int]:
    """Width and height from a text such as `192x96`. Raises `PlanError` for others."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise PlanError(
            f"{text!r} is not a width and a height", where=option, fix="write it as 192x96"
        )
    return int(width), int(height)


def one_of(words: tuple[Word, ...], word: str, option: str) -> Word:
    """The word of `words` that was given; another is a wrong use of the command line."""
    for each in words:
        if each == word:
            return each
    raise typer.BadParameter(f"{word!r} is none of {', '.join(words)}", param_hint=option)
