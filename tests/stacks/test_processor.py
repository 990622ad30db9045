from __future__ import annotations

import pytest

from dlscope.stacks.processor import (
    cache_bytes,
    most_common,
    parse_cpuinfo,
    parse_range,
    parse_size,
    parse_sysctl,
    parse_sysctl_caches,
    virtualisation,
)

_THREAD = """processor\t: {thread}
model name\t: Fast CPU @ 3.00GHz
microcode\t: 0x2b
physical id\t: {socket}
core id\t\t: {core}
flags\t\t: sse2 avx2 fpu
"""
_ARM = """processor\t: 0
Features\t: fp asimd
CPU implementer\t: 0x41
CPU part\t: 0xd0c

processor\t: 1
Features\t: fp asimd
CPU implementer\t: 0x41
CPU part\t: 0xd0c
"""
_MAC = """machdep.cpu.brand_string: Apple M2
hw.packages: 1
hw.physicalcpu: 8
hw.logicalcpu: 8
hw.l1dcachesize: 65536
hw.l2cachesize: 4194304
hw.l3cachesize: 0
hw.optional.neon: 1
hw.optional.arm.FEAT_BF16: 1
hw.optional.arm.FEAT_SME: 0
"""


def test_reads_sockets_cores_and_threads_of_x86() -> None:
    places = [(0, 0, 0), (1, 0, 1), (2, 1, 0), (3, 1, 1), (4, 0, 0), (5, 0, 1)]
    text = "\n".join(_THREAD.format(thread=t, socket=s, core=c) for t, s, c in places)
    found = parse_cpuinfo(text)
    assert (found.sockets, found.cores, found.threads) == (2, 4, 6)
    assert found.model == "Fast CPU @ 3.00GHz"
    assert found.features == ("avx2", "fpu", "sse2")
    assert found.microcode == "0x2b"


def test_reads_arm() -> None:
    found = parse_cpuinfo(_ARM)
    assert (found.model, found.cores) == ("ARM implementer 0x41 part 0xd0c", 2)
    assert found.features == ("asimd", "fp")


def test_knows_nothing_from_an_empty_text() -> None:
    found = parse_cpuinfo("")
    assert (found.model, found.sockets, found.cores, found.threads) == ("", 1, 0, 0)


def test_reads_macos() -> None:
    found = parse_sysctl(_MAC)
    assert (found.model, found.cores, found.threads) == ("Apple M2", 8, 8)
    assert found.features == ("arm.FEAT_BF16", "neon")
    assert parse_sysctl_caches(_MAC) == {"L1d": 65536, "L2": 4194304}


def test_reads_caches() -> None:
    caches = [
        ("1\n", "Data\n", "48K\n"),
        ("1\n", "Instruction\n", "32K\n"),
        ("2", "Unified", "2M"),
    ]
    assert cache_bytes(caches) == {"L1d": 49152, "L1i": 32768, "L2": 2 << 20}


def test_refuses_a_size_it_does_not_know() -> None:
    assert parse_size("512") == 512
    with pytest.raises(ValueError, match="'12 apples' is not a size"):
        parse_size("12 apples")


@pytest.mark.parametrize(("text", "count"), [("0\n", 1), ("0-3\n", 4), ("0-1,8,10-11", 5)])
def test_counts_a_range(text: str, count: int) -> None:
    assert parse_range(text) == count


@pytest.mark.parametrize(
    ("flags", "vendor", "container", "layers"),
    [
        ((), "Dell Inc.", False, None),
        (("hypervisor",), "QEMU", False, "kvm"),
        (("hypervisor",), "VMware, Inc.", True, "vmware+container"),
        (("hypervisor",), "", False, "vm"),
        ((), "", True, "container"),
    ],
)
def test_names_what_lies_between(
    flags: tuple[str, ...], vendor: str, container: bool, layers: str | None
) -> None:
    assert virtualisation(flags, vendor, "", in_container=container) == layers


def test_most_common_word() -> None:
    assert most_common(["powersave", "performance", "performance"]) == "performance"
    assert most_common(["b", "a"]) == "a"
    assert most_common([]) is None
