"""When a payment provider is asked again, and when an operator has to look at a payment."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

PAUSES_SECONDS: Final = (15, 30, 60, 120, 300, 900)
"""The pauses after the first checks; then one every hour for a day, then every 6 hours."""

HOURLY: Final = 24
SPREAD: Final = 0.2
"""The part by which a pause is shorter or longer, so that payments do not come together."""

MOST_ERRORS: Final = 5
LONGEST_SILENCE: Final = timedelta(minutes=15)
LONGEST_OPEN: Final = timedelta(hours=24)
GRACE: Final = timedelta(days=1)
"""How long a delayed payment may be open after it was expected."""

OUTAGES: Final = ("errors", "no_answer", "misconfigured")
"""Reasons for attention that end with the provider's next answer."""


@dataclass(frozen=True, slots=True)
class State:
    """What decides how an open payment goes on, before its provider is asked.

    Args:
        is_answered: Whether the provider has said anything of it.
        void_requested: Whether the provider is to close it.
        attention: Why an operator has to look at it.
    """

    is_answered: bool
    void_requested: bool
    attention: str | None


def only_reads(attention: str | None) -> bool:
    """Return whether a payment is only read until an operator has looked at it."""
    return attention is not None and attention not in OUTAGES


def is_given_up(state: State, fetched: str, expected_by: datetime | None) -> bool:
    """Return whether a payment that was just fetched is to be closed at its provider.

    It was requested, or the client is gone that would have confirmed the payment: it is open, and
    the provider's first answer is this one. A void is safe if a confirmation is still on its way,
    since the provider does one after the other.

    Args:
        state: The state before the payment was fetched.
        fetched: Its state at the provider.
        expected_by: When a delayed payment is decided at the latest.
    """
    if only_reads(state.attention):
        return False
    if state.void_requested:
        return fetched in ("processing", "requires_action", "authorized")
    is_open = fetched in ("processing", "requires_action")
    return is_open and not state.is_answered and expected_by is None


def next_pause(checks: int) -> timedelta:
    """Return the pause after a number of checks, with its random part."""
    return pause_after(checks, random.uniform(-1, 1))  # noqa: S311 - spreads load


def pause_after(checks: int, chance: float) -> timedelta:
    """Return the pause after a number of checks.

    Args:
        checks: 1 or more.
        chance: A random number from -1 to 1.
    """
    if checks <= len(PAUSES_SECONDS):
        seconds = PAUSES_SECONDS[checks - 1]
    else:
        seconds = 3_600 if checks <= len(PAUSES_SECONDS) + HOURLY else 6 * 3_600
    return timedelta(seconds=seconds * (1 + SPREAD * chance))


def reason_to_look(
    now: datetime,
    *,
    errors: int,
    unanswered_since: datetime | None,
    open_since: datetime,
    expected_by: datetime | None,
) -> str | None:
    """Return why an operator has to look at something that is open; None if nothing is wrong.

    Args:
        now: The current time.
        errors: Checks in a row without an answer.
        unanswered_since: When the first of them was.
        open_since: When it began.
        expected_by: When a delayed payment is decided at the latest.
    """
    if errors >= MOST_ERRORS:
        return "errors"
    if unanswered_since is not None and now - unanswered_since >= LONGEST_SILENCE:
        return "no_answer"
    if now >= (open_since + LONGEST_OPEN if expected_by is None else expected_by + GRACE):
        return "overdue"
    return None


def needs_new_key(now: datetime, attempt_at: datetime, key_hours: int) -> bool:
    """Return whether the provider may have forgotten an idempotency key, or soon forgets it.

    Args:
        now: The current time.
        attempt_at: When the key was first used.
        key_hours: Hours for which the provider keeps a key.
    """
    return now - attempt_at >= timedelta(hours=key_hours - 1)


def replaces(old: str | None, new: str) -> bool:
    """Return whether a reason for attention is written over another one.

    What an operator has to decide is not hidden by an outage.
    """
    return old is None or (old != new and old in OUTAGES)
