"""Fail a test with what was found."""

from collections.abc import Iterable

import pytest

_SHOWN = 40


def none_of(found: Iterable[str]) -> None:
    """Fail with all findings, if there are any."""
    lines = list(found)
    if lines:
        more = [f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        pytest.fail("\n".join([*lines[:_SHOWN], *more]), pytrace=False)


def assert_that(holds: object, otherwise: str) -> None:
    """Fail with *otherwise* unless a condition holds."""
    if not holds:
        pytest.fail(otherwise, pytrace=False)
