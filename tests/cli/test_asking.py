from __future__ import annotations

import pytest

from dlscope.cli.asking import fields_asked, numbers, options_asked, scenario_asked
from dlscope.core.errors import PlanError


def test_only_what_was_given_changes_the_scenario() -> None:
    assert scenario_asked("online", batch_size=[], mode=None, rate_qps=5.0) == {
        "name": "online",
        "rate_qps": 5.0,
    }


def test_only_what_was_given_is_an_option() -> None:
    assert options_asked(threads=2, device=None) == {"threads": 2}


def test_fields_are_read_as_yaml_their_parts_by_dots() -> None:
    given = [
        "users=8",
        "equal_issue=true",
        "audits=[TEST01]",
        "settings.user_conf=a=b.conf",
        "seeds.order=3",
        "seeds.schedule=4",
    ]
    assert fields_asked(given) == {
        "users": 8,
        "equal_issue": True,
        "audits": ["TEST01"],
        "settings": {"user_conf": "a=b.conf"},
        "seeds": {"order": 3, "schedule": 4},
    }
    assert fields_asked(None) == {}


@pytest.mark.parametrize(
    ("given", "what", "fix"),
    [
        (["users"], "'users' is not a field and its value", "write it as users=8"),
        (["=8"], "'=8' is not a field and its value", "write it as users=8"),
        (["users={8"], "the value of 'users={8' is not YAML", "put it in quotes"),
        (["users=8", "users=9"], "'users' is set twice", "set it once"),
        (
            ["seeds=1", "seeds.order=9"],
            "'seeds.order' is a part of what is set as a whole",
            "set one of them",
        ),
    ],
)
def test_what_is_unclear_is_refused(given, what: str, fix: str) -> None:
    with pytest.raises(PlanError) as caught:
        fields_asked(given)
    assert (caught.value.what, caught.value.where, caught.value.fix) == (what, "--set", fix)


def test_an_option_of_a_backend_is_refused_by_its_own_name() -> None:
    with pytest.raises(PlanError) as caught:
        fields_asked(["graph"], "--option", "graph_optimization=disabled")
    assert caught.value.where == "--option"
    assert caught.value.fix == "write it as graph_optimization=disabled"


def test_a_field_that_has_an_option_of_its_own_may_be_set_too() -> None:
    asked = scenario_asked("batched", ["batch_size=[1, 2]", "users=8"], batch_size=[], mode=None)
    assert asked == {"name": "batched", "batch_size": [1, 2], "users": 8}


@pytest.mark.parametrize("field", ["batch_size", "name"])
def test_what_an_option_sets_is_not_set_again(field: str) -> None:
    with pytest.raises(PlanError) as caught:
        scenario_asked("batched", [f"{field}=3"], batch_size=[1])
    assert str(caught.value) == (
        f"PlanError: {field!r} has an option of its own, which is given, too\n"
        "  where  --set\n  fix    set it once"
    )


@pytest.mark.parametrize(
    ("text", "found"), [("1", [1]), ("1,2,4", [1, 2, 4]), (" 8 , 1 ", [8, 1]), ("2,2", [2, 2])]
)
def test_numbers_are_a_list_with_commas(text: str, found: list[int]) -> None:
    assert numbers(text, "--batch") == found


@pytest.mark.parametrize("text", ["", ",", "1,", "0", "-1", "1.5", "1;2", "a", "1 2", "\u00b2"])
def test_what_is_no_list_of_positive_numbers_is_refused(text: str) -> None:
    with pytest.raises(PlanError) as caught:
        numbers(text, "--batch")
    assert str(caught.value) == (
        f"PlanError: {text!r} is not a list of positive whole numbers\n"
        "  where  --batch\n  fix    write it as 1,2,4"
    )
