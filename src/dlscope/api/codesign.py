"""Co-design: `validate_codesign`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlscope.core.report import Report


def validate_codesign() -> Report:
    """The hardware models held against published accelerators; nothing is run or measured."""
    from dlscope.methods.codesign.validation import validation_report

    return validation_report()
