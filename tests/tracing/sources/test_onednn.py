from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.tracing.epoch import Anchor, EpochClock
from dlscope.tracing.sources.onednn import onednn_calls, read_onednn
from dlscope.tracing.tracer import Diagnostic

EPOCH_MS = 1_795_942_985_739
CLOCK = EpochClock(Anchor(monotonic_ns=0, offset_ns=EPOCH_MS * 1_000_000, error_ns=0))
HEADER = (
    "onednn_verbose,v1,info,oneDNN v3.12.0 (commit 80afa71049cd)\n"
    "onednn_verbose,v1,info,cpu,isa:Intel AVX-512 with Intel DL Boost\n"
    "onednn_verbose,v1,primitive,info,template:timestamp,operation,engine,primitive,"
    "implementation,prop_kind,memory_descriptors,attributes,auxiliary,problem_desc,exec_time\n"
    "onednn_verbose,v1,graph,info,template:timestamp,operation,engine,partition_id,exec_time\n"
)
CONVOLUTION = (
    "onednn_verbose,v1,1795942985739.117920,primitive,exec,cpu,convolution,jit:avx512_core,"
    "forward_training,src:f32:a:blocked:abcd::f0 dst:f32:a:blocked:aBcd16b::f0,"
    "attr-scratchpad:user,alg:convolution_direct,mb4_ic3oc64_ih64oh32kh7sh2dh0ph3,1.31104\n"
)
REORDER = (
    "onednn_verbose,v1,1795942985738.930908,primitive,exec,cpu,reorder,jit:uni,undef,"
    "src:f32::blocked:abcd::f0 dst:f32::blocked:Acdb16a::f0,,,64x3x7x7,0.0180664\n"
)


def test_a_primitive_with_all_its_fields() -> None:
    found = read_onednn((HEADER + CONVOLUTION).encode(), CLOCK)
    (span,) = found.trace
    assert found.diagnostics == ()
    assert (span.name, span.type, span.tracer) == ("convolution", "convolution", "onednn")
    assert span.start_ns == 117_920
    # 1.31104 is six digits of 5370 · 2⁻¹² ms.
    assert span.duration_ns == round(5370 * 1e6 / 4096)
    assert span.attributes == {
        "engine": "cpu",
        "impl": "jit:avx512_core",
        "prop_kind": "forward_training",
        "memory": "src:f32:a:blocked:abcd::f0 dst:f32:a:blocked:aBcd16b::f0",
        "primitive_attributes": "attr-scratchpad:user",
        "aux": "alg:convolution_direct",
        "problem": "mb4_ic3oc64_ih64oh32kh7sh2dh0ph3",
    }


def test_times_are_exact_where_floats_would_lose_a_quarter_of_a_microsecond() -> None:
    (call,) = onednn_calls(REORDER.encode()).calls
    assert call.epoch_ns == 1_795_942_985_738_930_908


def test_the_header_is_written_once_in_a_process_and_may_be_missing() -> None:
    assert onednn_calls(CONVOLUTION.encode()).calls[0].attributes["impl"] == "jit:avx512_core"


def test_the_order_of_fields_is_that_of_the_header_and_unknown_fields_are_kept() -> None:
    text = (
        "onednn_verbose,info,prim_template:timestamp,operation,primitive,engine,colour,exec_time\n"
        "onednn_verbose,5.000001,exec,pooling,cpu,red,2,later\n"
    )
    (call,) = onednn_calls(text.encode()).calls
    assert (call.name, call.duration_ns, call.epoch_ns) == ("pooling", 2_000_000, 5_000_001)
    assert call.attributes == {"engine": "cpu", "colour": "red", "field_5": "later"}


def test_lines_about_anything_but_execution_are_no_calls_and_no_damage() -> None:
    text = HEADER + (
        "onednn_verbose,v1,1795942985738.9,primitive,create:cache_hit,cpu,reorder,x,0.1\n"
        "onednn_verbose,v1,1795942985738.9,graph,exec,cpu,100002,sdp,1.2\n"
        "onednn_verbose,v1,common,error,ONEDNN_X\n"
        "hello world\n"
    )
    assert onednn_calls(text.encode()) == onednn_calls(b"")


@pytest.mark.parametrize(
    "line",
    [
        REORDER[:60],
        REORDER.replace("0.0180664", "fast"),
        REORDER.replace("0.0180664", "-1"),
        REORDER.replace("exec", "exce"),
        "onednn_verbose,\n",
    ],
)
def test_damaged_lines_are_counted(line: str) -> None:
    found = onednn_calls((line.rstrip("\n") + "\n" + CONVOLUTION).encode())
    assert [call.name for call in found.calls] == ["convolution"]
    assert found.diagnostics == (
        Diagnostic("damaged", "damaged lines of oneDNN, which were left out", 1),
    )


def test_without_timestamps_the_order_is_what_is_known() -> None:
    text = (CONVOLUTION + REORDER).replace("1795942985739.117920,", "")
    found = read_onednn(text.replace("1795942985738.930908,", "").encode(), CLOCK)
    first, second = found.trace
    assert (first.start_ns, second.start_ns) == (0, first.end_ns)
    assert first.attributes["synthetic_ts"] is True


@given(st.integers(0, len(HEADER + CONVOLUTION + REORDER)))
def test_a_text_cut_anywhere_gives_its_whole_lines(cut: int) -> None:
    text = (HEADER + CONVOLUTION + REORDER)[:cut]
    found = onednn_calls(text.encode())
    whole = sum(text.count(line) for line in (CONVOLUTION, REORDER))
    assert len(found.calls) - whole in (0, 1)  # a cut duration is a duration
    assert sum(each.count for each in found.diagnostics) <= 1


@given(st.binary())
def test_no_bytes_raise(noise: bytes) -> None:
    onednn_calls(b"onednn_verbose," + noise)
