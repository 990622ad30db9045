"""REST asked for whatever its own description allows, and for what it forbids."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dlscope.store import Store
from dlscope.testing.analyses import example_runs
from dlscope.web.app import create_app

pytestmark = pytest.mark.slow
EXAMPLES = 40
TOKEN = "a token that is long enough"


@pytest.fixture(scope="module", params=[None, TOKEN], ids=["open", "token"])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("fuzz")
    with Store.open(folder) as store:
        for run in example_runs():
            store.accept(run)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DLSCOPE_CATALOG", "")
        made = create_app(store=str(folder), token=request.param, hosts=())
        made.state.token = request.param
        yield made
        made.state.jobs.close()


def test_no_request_brings_the_server_down(app: Any, tmp_path: Path) -> None:
    import hypothesis
    import schemathesis
    from schemathesis.checks import not_a_server_error

    token = app.state.token
    headers = {"authorization": f"Bearer {token}"} if token else {}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=headers)
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path == "/api/v1/backends":
            continue  # it takes no words, and imports every framework

        @hypothesis.settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy())
        def fuzz(case: Any) -> None:
            nonlocal asked
            asked += 1
            response = case.call(headers=headers)
            case.validate_response(response, checks=(not_a_server_error,))
            assert response.status_code != 401
            if token:
                assert case.call(headers={"authorization": "Bearer x"}).status_code == 401

        fuzz()
    assert asked > 300
