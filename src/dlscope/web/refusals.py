"""Errors as answers: a status, and the three fields of every problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import HTTPException as Refusal
from starlette.exceptions import HTTPException

from dlscope.core.errors import (
    DlscopeError,
    Problems,
    RequestError,
    StoreError,
    Unsatisfiable,
)
from dlscope.core.manifest.problems import expectation, fault

_REFERENCE = "/api/v1/openapi.json"
BAD, UNKNOWN, TAKEN, UNFIT, BROKEN = 400, 404, 409, 422, 500
_TITLES: Mapping[int, str] = {
    401: "Sign in",
    403: "Refused",
    404: "Not found",
    405: "Not allowed",
    409: "Not now",
    411: "Refused",
    413: "Too large",
    422: "Cannot be done here",
    503: "Not now",
}


def refused(status: int, what: str, *, where: str, fix: str) -> HTTPException:
    """An answer of `status` with one problem."""
    return Refusal(status, detail=RequestError(what, where=where, fix=fix))


def status_of(error: DlscopeError) -> int:
    """The status that tells an error apart: 404 for what is not there, 422, 503, else 400."""
    if isinstance(error, StoreError):
        is_missing = error.what.startswith("there is no ")
        is_asked = is_missing or " run ids" in error.what or " sorted by " in error.what
        return (UNKNOWN if is_missing else BAD) if is_asked else 503
    return UNFIT if isinstance(error, Unsatisfiable) else BAD


def problem_of(error: HTTPException | DlscopeError) -> tuple[int, DlscopeError]:
    """Status and problem of whatever a handler raised."""
    if isinstance(error, DlscopeError):
        return status_of(error), error
    detail: object = error.detail
    if isinstance(detail, DlscopeError):
        return error.status_code, detail
    return error.status_code, RequestError(
        str(detail).lower(),
        where="this address",
        fix=f"follow a link of the page, or see {_REFERENCE}",
    )


def malformed(errors: Sequence[Any]) -> DlscopeError:
    """What is wrong with a request that has not the fields which the document of REST tells."""
    problems = [_problem(details) for details in errors]
    return problems[0] if len(problems) == 1 else Problems.of(problems)


def _problem(details: Any) -> DlscopeError:
    where = ".".join(map(str, details["loc"]))
    fields = f"{_REFERENCE} has the fields"
    match details["type"]:
        case "json_invalid":
            return RequestError("the body is not JSON", where="body", fix="send an object of JSON")
        case "extra_forbidden" | "missing":
            fix = fields
        case _:
            fix = f"use {expectation(details)}; {fields}"
    return RequestError(fault(details, str(details["loc"][-1])), where=where, fix=fix)


def title_of(status: int) -> str:
    """The heading of a page that refuses."""
    return _TITLES.get(status, "Not done" if status < BROKEN else "Something broke")


def document(error: DlscopeError) -> dict[str, Any]:
    """`{"error": the first problem, "problems": all of them}`."""
    problems = [problem.to_json() for problem in error.problems]
    return {"error": problems[0], "problems": problems}
