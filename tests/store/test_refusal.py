from __future__ import annotations

import pytest
from sqlalchemy.exc import ProgrammingError

from dlscope.core.errors import StoreError
from dlscope.store.refusal import refusals


@pytest.mark.parametrize(
    ("url", "command"),
    [
        ("postgresql+psycopg://ada:***@lab/bench", "ALTER DATABASE bench OWNER TO ada"),
        ("postgresql+psycopg://Ada@lab/lab-x", 'ALTER DATABASE "lab-x" OWNER TO "Ada"'),
        ("postgresql+psycopg://lab/bench", "ALTER DATABASE bench OWNER TO …"),
    ],
)
def test_who_may_not_make_tables_is_told_the_command(url: str, command: str) -> None:
    denied = ProgrammingError("", {}, Exception("permission denied for schema public"))
    with pytest.raises(StoreError) as caught, refusals(url):
        raise denied
    assert caught.value.describe() == (
        "StoreError: the user may not make the tables of the store\n"
        f"  where  {url}\n"
        f"  fix    make the user own the database ({command}), "
        "or choose another place with $DLSCOPE_STORE"
    )
