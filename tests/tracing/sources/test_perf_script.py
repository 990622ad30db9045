from __future__ import annotations

from dlscope.core.trace import Level
from dlscope.tracing.sources.perf_script import read_perf_script

LINES = """\
18887  4003.477266839:      7efe5a777568 jit_avx512_conv.0 (/tmp/perf-18887.map)
18888  4003.098730364:  ffffffff81bde961 __list_del_entry_valid ([kernel.kallsyms])

18887  4003.098213538:      7efe46a59cc2 f<int (long)>::operator() (/opt/my lib/libtorch_cpu.so)
18887  4003.5:      7efe46a59cc2 [unknown] (/opt/libx.so)
"""


def test_samples_are_kernels_of_no_length_on_the_thread_they_hit() -> None:
    found = read_perf_script(LINES.splitlines(), period_ns=500_000, process=18887)
    assert found.diagnostics == ()
    assert [(s.name, s.type, s.thread, s.start_ns) for s in found.trace] == [
        ("jit_avx512_conv.0", "jit", 18887, 4_003_477_266_839),
        ("__list_del_entry_valid", "[kernel.kallsyms]", 18888, 4_003_098_730_364),
        ("f<int (long)>::operator()", "libtorch_cpu.so", 18887, 4_003_098_213_538),
        ("[unknown]", "libx.so", 18887, 4_003_500_000_000),
    ]
    for span in found.trace:
        assert (span.level, span.kind, span.duration_ns) == (Level.KERNEL, "sample", 0)
        assert (span.tracer, span.process) == ("perf", 18887)
        assert span.attributes == {"source": "perf", "period_ns": 500_000}


def test_damaged_lines_are_counted() -> None:
    found = read_perf_script(["no sample", *LINES.splitlines()], period_ns=1)
    assert len(found.trace) == 4
    (diagnostic,) = found.diagnostics
    assert (diagnostic.what, diagnostic.count) == (
        "damaged lines of perf, which were left out",
        1,
    )
