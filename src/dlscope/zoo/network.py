"""`NetworkBuilder`: what turns weights into an ONNX graph, and how it checks its options."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from dlscope.core.errors import GraphError, did_you_mean


class NetworkBuilder(Protocol):
    """A function that builds one family of networks."""

    def __call__(self, weights: Path | None, options: Mapping[str, str]) -> bytes:
        """The ONNX file, as bytes, of the network with the weights in the file `weights`.

        Without a file (None) the option `seed` is there, from which the weights are drawn; a
        builder that cannot do so refuses that option. Raises `GraphError` for an unknown option
        and for weights that do not fit the network.
        """
        ...


def choose(network: str, options: Mapping[str, str], key: str, known: Collection[str]) -> str:
    """The value of the option `key`, the only one that `network` has.

    Raises `GraphError` when it is missing or not one of `known`, and for any other option.
    """
    require_options(network, options, [key])
    require_choice(network, key, options[key], known)
    return options[key]


def require_choice(network: str, key: str, value: str, known: Collection[str]) -> None:
    """Raise `GraphError` unless the option `key` of `network` is one of `known`."""
    if value not in known:
        raise GraphError(
            f"{network} has no {key} {value!r}",
            where=f"generated:{network}",
            fix=f"use one of {', '.join(known)}",
        )


def require_number(network: str, key: str, value: str, least: int) -> int:
    """The option `key` of `network` as a whole number of at least `least`, or `GraphError`."""
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) >= least):
        raise GraphError(
            f"{key} of {network} is a whole number of at least {least}, not {value!r}",
            where=f"generated:{network}",
            fix=f"write generated:{network}?{key}={least}, or more",
        )
    return int(value)


def require_options(network: str, options: Mapping[str, str], keys: Collection[str]) -> None:
    """Raise `GraphError` unless the `options` of `network` are exactly `keys`."""
    for option in options:
        if option not in keys:
            raise GraphError(
                f"{network} has no option {option!r}",
                where=f"generated:{network}",
                fix=did_you_mean(option, keys),
            )
    for key in keys:
        if key not in options:
            raise GraphError(
                f"{network} needs the option {key!r}",
                where=f"generated:{network}",
                fix=f"write generated:{network}?{key}=…",
            )


def require_weights(network: str, weights: Path | None) -> Path:
    """The file `weights`. Raises `GraphError` for none."""
    if weights is None:
        raise GraphError(
            f"{network} is built from trained weights",
            where=f"generated:{network}",
            fix="add weights: {source: …, sha256: …} to the assets, and leave seed out",
        )
    return weights
