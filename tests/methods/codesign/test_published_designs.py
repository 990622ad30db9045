from __future__ import annotations

from collections import Counter

from dlscope.methods.codesign.published_designs import folded_rows, published_designs


def test_every_part_says_where_it_comes_from_and_how_sure_it_is() -> None:
    designs = published_designs()
    told = [*designs["pipelined"], *designs["dataflow"], designs["recursive"], designs["roofline"]]
    known = {"public", "printed", "recalled", "derived"}
    assert all(each["source"] and each["confidence"] in known for each in told)


def test_the_folded_accelerator_has_fifty_six_rates() -> None:
    rows = folded_rows()
    assert len(rows) == len(set(rows)) == 56
    assert Counter(row.device for row in rows) == {"ZU9": 32, "ZU7": 24}
    assert min(row.fps for row in rows) == 2.267


def test_six_bits_are_faster_than_eight_and_more_dsps_than_fewer() -> None:
    rate = {(row.device, row.dsp, row.bits, row.network): row.fps for row in folded_rows()}
    for (device, dsp, bits, network), fps in rate.items():
        if bits == 6:
            assert fps > rate[device, dsp, 8, network]
        larger = rate.get((device, 2 * dsp, bits, network))
        assert larger is None or larger > fps


def test_whole_designs_take_about_as_many_dsps_more_whatever_their_size() -> None:
    extra: dict[str, list[int]] = {}
    for row in published_designs()["recursive"]["totals"]:
        extra.setdefault(row["device"], []).append(row["total_dsp"] - row["dsp"])
    assert (min(extra["ZU9"]), max(extra["ZU9"])) == (314, 328)
    assert (min(extra["ZU7"]), max(extra["ZU7"])) == (169, 181)
