from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.tracing.sources.mkl import mkl_calls, read_mkl

BANNER = (
    "MKL_VERBOSE oneMKL 2024.0 Update 2 Product build 20240605 for Intel(R) 64 architecture "
    "Intel(R) Architecture processors, Lnx 2.60GHz lp64 gnu_thread\n"
)
SGEMM = (
    "MKL_VERBOSE SGEMM(N,N,1024,16,27,0x7ffd1c5b1200,0x5629055ef7c0,1024,0x562900167e40,27,"
    "0x7ffd1c5b1220,0x5629056128c0,1024) 71.56us CNR:OFF Dyn:0 FastMM:1 TID:0  NThr:1\n"
)


def test_a_call_with_its_sizes_and_settings_but_no_addresses() -> None:
    found = read_mkl((BANNER + SGEMM).encode())
    (span,) = found.trace
    assert found.diagnostics == ()
    assert (span.name, span.type, span.tracer) == ("SGEMM", "SGEMM", "mkl")
    assert (span.start_ns, span.end_ns) == (0, 71_560)
    assert span.attributes == {
        "problem": "N,N,1024,16,27,1024,27,1024",
        "cnr": "OFF",
        "dyn": "0",
        "fastmm": "1",
        "tid": "0",
        "nthr": "1",
        "synthetic_ts": True,
    }


@pytest.mark.parametrize(
    ("time", "duration_ns"),
    [("485ns", 485), ("485.01us", 485_010), ("1.5ms", 1_500_000), ("2.25s", 2_250_000_000)],
)
def test_every_unit(time: str, duration_ns: int) -> None:
    (call,) = mkl_calls(SGEMM.replace("71.56us", time).encode()).calls
    assert call.duration_ns == duration_ns


def test_damaged_lines_are_counted() -> None:
    found = mkl_calls((SGEMM.replace("71.56us", "71.56 parsecs") + SGEMM + SGEMM[:40]).encode())
    assert len(found.calls) == 1
    (diagnostic,) = found.diagnostics
    assert (diagnostic.kind, diagnostic.count) == ("damaged", 2)
    assert diagnostic.what == "damaged lines of MKL, which were left out"


@given(st.binary())
def test_no_bytes_raise(noise: bytes) -> None:
    mkl_calls(b"MKL_VERBOSE " + noise)
