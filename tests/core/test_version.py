from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version as PythonVersion

from dlscope.core.version import Constraint, Version


def v(text: str) -> Version:
    return Version.parse(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1", "1.0.0"),
        ("1.2", "1.2.0"),
        (" 1.2.3 ", "1.2.3"),
        ("1.2.3-alpha.1", "1.2.3-alpha.1"),
        ("1.2.3-x-y-z.7", "1.2.3-x-y-z.7"),
        ("1.0.0-alpha+001", "1.0.0-alpha+001"),
        ("2.13.0+cpu", "2.13.0+cpu"),
        ("2.5.0+git1a2b3c", "2.5.0+git1a2b3c"),
        ("1.0.0-x1rc2", "1.0.0-x1rc2"),
        ("2.0.0rc1", "2.0.0-rc.1"),
        ("2.0b3", "2.0.0-b.3"),
        ("2.6.0.dev20241112+cpu", "2.6.0-dev.20241112+cpu"),
        ("5.0.0.93", "5.0.0.93"),
        ("0.27.0.post1", "0.27.0.post1"),
        ("0.27.0.post0", "0.27.0.post0"),
    ],
)
def test_reads_semver_and_what_python_distributions_use(text: str, shown: str) -> None:
    version = v(text)
    assert str(version) == shown
    assert v(shown) == version


@pytest.mark.parametrize("text", ["", "one", "1..2", "1.2.3-", "1.2.3+", "v1.2", "1.2.3 4", "١.٢"])
def test_refuses_what_is_not_a_version(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version") as refusal:
        v(text)
    assert str(refusal.value) == f"{text!r} is not a version"


def test_semver_precedence() -> None:
    # The order given in SemVer 2.0, section 11.
    pre_releases = "alpha alpha.1 alpha.beta beta beta.2 beta.11 rc.1"
    order = [v(f"1.0.0-{pre}") for pre in pre_releases.split()]
    order += [v("1.0.0"), v("2.0.0"), v("2.1.0"), v("2.1.1")]
    assert sorted(set(order)) == order
    assert all(a < b and b > a and a <= b and b >= a for a, b in itertools.pairwise(order))


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("5.0.0", "5.0.0.93"),
        ("5.0.0.9", "5.0.0.93"),
        ("0.27.0", "0.27.0.post1"),
        ("0.27.0.post1", "0.27.0.post2"),
        ("0.27.0.post9", "0.27.1"),
        ("2.0.0rc1", "2.0.0"),
        ("2.0.0rc9", "2.0.0rc10"),
        ("1.9", "1.10"),
    ],
)
def test_framework_versions_compare_numerically(lower: str, higher: str) -> None:
    assert v(lower) < v(higher)
    assert not v(higher) <= v(lower)


def test_the_build_counts_for_identity_but_not_for_order() -> None:
    cpu, cuda = v("2.13.0+cpu"), v("2.13.0+cu130")
    assert cpu != cuda
    assert cpu.same_precedence(cuda)
    assert cpu <= cuda
    assert cpu >= cuda
    assert not cpu < cuda
    assert not cpu > cuda


def test_trailing_zeros_of_long_versions_do_not_count() -> None:
    assert v("1.2.3.0").same_precedence(v("1.2.3"))


identifiers = st.one_of(st.integers(0, 99).map(str), st.sampled_from(["alpha", "rc", "x-1", "dev"]))
versions = st.builds(
    Version,
    st.lists(st.integers(0, 3), min_size=3, max_size=4).map(tuple),
    st.integers(-1, 2),
    st.lists(identifiers, max_size=2).map(tuple),
    st.sampled_from(["", "cpu", "cu130"]),
)


@given(versions, versions, versions)
def test_the_order_is_total_and_transitive(a: Version, b: Version, c: Version) -> None:
    assert (a < b) + (b < a) + a.same_precedence(b) == 1
    assert (a <= b) == (not b < a)
    assert (a >= b) == (not a < b)
    assert (a > b) == (b < a)
    if a <= b <= c:
        assert a <= c


@given(versions)
def test_a_version_reads_back_what_it_writes(version: Version) -> None:
    assert v(str(version)) == version


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.sampled_from(["", "rc1", "b2", ".post1"]),
)
def test_orders_python_versions_as_packaging_does(a: list[int], b: list[int], tail: str) -> None:
    first, second = ".".join(map(str, a)), ".".join(map(str, b)) + tail
    expected = PythonVersion(first) < PythonVersion(second)
    assert (v(first) < v(second)) == expected


@pytest.mark.parametrize(
    ("constraint", "accepted", "refused"),
    [
        ("^1.2.3", "1.2.3 1.99.0", "1.2.2 2.0.0 2.0.0-rc.1 1.3.0-rc.1"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2 1.0.0"),
        ("^0.0.3", "0.0.3 0.0.3+cpu", "0.0.4 0.0.2 0.1.0"),
        ("~1.2.3", "1.2.3 1.2.99", "1.3.0 1.2.2"),
        ("1.2", "1.2.0 1.2.7", "1.3.0 1.1.9"),
        ("1", "1.0.0 1.9.9", "2.0.0 0.9.9"),
        ("^1.0", "1.0.0 1.5.0", "2.0.0"),
        ("1.2.3", "1.2.3 1.2.3+cpu", "1.2.4 1.2.3.post1"),
        (">=1.17", "1.17.0 2.0.0", "1.16.9 1.17.0-rc.1 2.0.0-rc.1"),
        (">=1.17,<2", "1.17.0 1.99.0", "2.0.0 1.16.0"),
        (">1.2.3", "1.2.4 1.2.3.post1", "1.2.3 1.2.3+cpu"),
        ("<=1.2.3", "1.2.3 1.0.0", "1.2.4 1.2.3.post1"),
        ("<2", "1.99.99", "2.0.0 2.0.0-rc.1"),
        ("!=1.5.0", "1.4.0 1.5.1", "1.5.0 1.5.0+cpu"),
        ("=1.5.0", "1.5.0", "1.5.1"),
        ("==1.5", "1.5.0", "1.5.1"),
        ("^1.0 || ^3.0", "1.2.0 3.4.0", "2.0.0 4.0.0"),
        (">=1.0,<1.5 || =2.0.0", "1.4.9 2.0.0", "1.5.0 2.0.1"),
        ("*", "0.0.1 99.0.0 5.0.0.93", "1.0.0-rc.1"),
        (">=2.0.0-rc.1", "2.0.0-rc.1 2.0.0-rc.2 2.0.0 2.1.0", "2.1.0-rc.1 2.0.0-beta"),
        ("^1.2.3-rc.1", "1.2.3-rc.2 1.2.3 1.9.0", "1.2.4-rc.1 2.0.0-rc.1"),
        ("=2.0.0rc1", "2.0.0-rc.1", "2.0.0"),
        ("^5.0.0.93", "5.0.0.93 5.1.0", "5.0.0.92 5.0.0 6.0.0"),
        ("~0.27.0.post1", "0.27.0.post1 0.27.5", "0.27.0 0.28.0"),
        ("2.13.0+cpu", "2.13.0+cpu 2.13.0+cu130", "2.13.1"),
        (">= 1.2 , < 1.4", "1.3.0", "1.4.0"),
        ("1.10.x", "1.10.0 1.10.9", "1.11.0 1.9.9"),
        ("==1.10.*", "1.10.0 1.10.9", "1.11.0 1.9.9"),
        ("1.X.X", "1.0.0 1.99.0", "2.0.0 0.9.0"),
        ("0.x", "0.0.1 0.9.0", "1.0.0"),
        (">1.2.x", "1.3.0", "1.2.9 1.2.0"),
        ("<=1.2.x", "1.2.9 1.0.0", "1.3.0"),
        (">=1.2.x,<2.x", "1.2.0 1.9.0", "1.1.9 2.0.0"),
    ],
)
def test_constraints(constraint: str, accepted: str, refused: str) -> None:
    parsed = Constraint.parse(constraint)
    assert str(parsed) == constraint
    assert [text for text in accepted.split() if not parsed.allows(v(text))] == []
    assert [text for text in refused.split() if parsed.allows(v(text))] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not a version constraint"),
        (">=1,", "'>=1,' is not a version constraint"),
        (">>1", "'>>1' is not a version constraint"),
        ("~=1.2", "'~=1.2' is not a version constraint"),
        ("^1 ||", "'^1 ||' is not a version constraint"),
        (">=abc", "'abc' is not a version"),
        ("x.1", "'x.1' is not a version"),
        ("latest", "'latest' is not a version"),
    ],
)
def test_refuses_what_is_not_a_constraint(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="is not a version") as refusal:
        Constraint.parse(text)
    assert str(refusal.value) == message


def test_a_series_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match=r"'!=1\.5\.x': a series of versions cannot be left out"):
        Constraint.parse("!=1.5.x")


def test_best_is_the_highest_allowed() -> None:
    offered = [v(text) for text in ("1.2.0", "1.10.0", "1.9.0", "2.0.0", "1.11.0-rc.1")]
    assert Constraint.parse("^1").best(offered) == v("1.10.0")
    assert Constraint.parse(">=3").best(offered) is None


@given(versions, st.sampled_from(["^", "~", ">=", "<="]))
def test_every_range_contains_its_own_bound(version: Version, operator: str) -> None:
    assert Constraint.parse(f"{operator}{version}").allows(version)
