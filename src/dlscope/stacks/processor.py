"""What the operating system says of the processor, from the texts in which it says it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Processor:
    """A processor: `cores` are physical, `threads` what they run at once, 0 where not told."""

    model: str
    sockets: int
    cores: int
    threads: int
    features: tuple[str, ...] = ()
    microcode: str | None = None


def parse_cpuinfo(text: str) -> Processor:
    """The processor that Linux describes in `/proc/cpuinfo`, on x86 or ARM.

    ARM gives no sockets and no physical cores: each thread counts as a core of one socket.
    """
    blocks = [_pairs(block) for block in text.strip().split("\n\n")]
    threads = [block for block in blocks if "processor" in block]
    first = threads[0] if threads else {}
    sockets = {block.get("physical id", "0") for block in threads}
    cores = {
        (block.get("physical id", "0"), block["core id"]) for block in threads if "core id" in block
    }
    features = first.get("flags", first.get("Features", ""))
    return Processor(
        model=first.get("model name") or _arm_model(first),
        sockets=len(sockets) or 1,
        cores=len(cores) or len(threads),
        threads=len(threads),
        features=tuple(sorted(features.split())),
        microcode=first.get("microcode"),
    )


def parse_sysctl(text: str) -> Processor:
    """The processor that macOS describes: `machdep.cpu.brand_string: Apple M2` and more."""
    values = _pairs(text)
    features = (
        f"{values.get('machdep.cpu.features', '')} {values.get('machdep.cpu.leaf7_features', '')}"
    )
    named = [key.removeprefix("hw.optional.") for key, on in values.items() if _is_feature(key, on)]
    return Processor(
        model=values.get("machdep.cpu.brand_string", ""),
        sockets=int(values.get("hw.packages", 1)),
        cores=int(values.get("hw.physicalcpu", 0)),
        threads=int(values.get("hw.logicalcpu", 0)),
        features=tuple(sorted({*features.lower().split(), *named})),
    )


def parse_sysctl_caches(text: str) -> dict[str, int]:
    """Bytes of each cache from macOS: `hw.l2cachesize: 4194304` and more."""
    names = {"L1d": "hw.l1dcachesize", "L1i": "hw.l1icachesize", "L2": "hw.l2cachesize"}
    values = _pairs(text)
    sizes = {
        name: int(values.get(key, 0)) for name, key in (*names.items(), ("L3", "hw.l3cachesize"))
    }
    return {name: size for name, size in sizes.items() if size}


def cache_bytes(caches: Iterable[tuple[str, str, str]]) -> dict[str, int]:
    """Bytes of each cache of one core from (level, type, size) as Linux's `/sys` writes them.

    >>> cache_bytes([("1", "Data", "32K"), ("3", "Unified", "32M")])
    {'L1d': 32768, 'L3': 33554432}
    """
    letters = {"Data": "d", "Instruction": "i"}
    return {
        f"L{level.strip()}{letters.get(kind.strip(), '')}": parse_size(size)
        for level, kind, size in caches
    }


def parse_size(text: str) -> int:
    """Bytes of a size such as `32K` or `1024`. Raises ValueError for anything else."""
    match = re.fullmatch(r"\s*(\d+)([KMG]?)B?\s*", text)
    if match is None:
        raise ValueError(f"{text!r} is not a size")
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[match[2]]


def parse_range(text: str) -> int:
    """How many numbers a list such as `0-3,8` names.

    >>> parse_range("0-3,8")
    5
    """
    ends = (part.partition("-") for part in text.strip().split(",") if part)
    return sum(int(last or first) - int(first) + 1 for first, _, last in ends)


def virtualisation(
    features: Iterable[str], vendor: str, product: str, *, in_container: bool
) -> str | None:
    """What lies between this process and the machine, None for bare metal.

    `vendor` and `product` are the firmware's names (DMI), empty where it gives none.
    """
    known = {
        "QEMU": "kvm",
        "KVM": "kvm",
        "Amazon EC2": "kvm",
        "Google": "kvm",
        "VMware": "vmware",
        "VirtualBox": "virtualbox",
        "innotek": "virtualbox",
        "Microsoft": "hyperv",
        "Xen": "xen",
    }
    machine = None
    if "hypervisor" in set(features):
        firmware = f"{vendor} {product}"
        machine = next((name for sign, name in known.items() if sign in firmware), "vm")
    layers = [layer for layer in (machine, "container" if in_container else None) if layer]
    return "+".join(layers) or None


def most_common(words: Iterable[str]) -> str | None:
    """The most frequent of `words`, None of none; ties go to the first in the alphabet."""
    counted = Counter(sorted(words)).most_common(1)
    return counted[0][0] if counted else None


def _pairs(text: str) -> dict[str, str]:
    split = (line.partition(":") for line in text.splitlines())
    return {key.strip(): value.strip() for key, colon, value in split if colon}


def _arm_model(block: Mapping[str, str]) -> str:
    named = {key: block[key] for key in ("CPU implementer", "CPU part") if key in block}
    return "ARM " + " ".join(f"{key[4:]} {value}" for key, value in named.items()) if named else ""


def _is_feature(key: str, value: str) -> bool:
    return key.startswith("hw.optional.") and value == "1"
