"""Input of the services, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

BODY, COOKIE = "body", "cookie"
"""How tokens are sent."""


class Mistake(NamedTuple):
    """Why a row of a file was refused, and on which line it ends."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """An API key to make.

    Args:
        name: What its owner calls it.
        scopes: Permissions that it has while its owner has them.
        expires_at: When it ends; None for the default.
        user_id: Its owner; None for the caller.
    """

    name: str
    scopes: list[str]
    expires_at: datetime | None = None
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """The data of a registration."""

    email: str
    password: str
    given_name: str | None = None
    family_name: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a client sends to log in.

    Args:
        email: The address.
        password: The password.
        device_token: What makes the device a known one.
        mailed_pass: The token of a link that was mailed for this login.
        device_name: What the owner calls the device.
        transport: How the tokens are sent.
    """

    email: str
    password: str
    device_token: str | None = None
    mailed_pass: str | None = None
    device_name: str | None = None
    transport: str = BODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a client sends to a challenge.

    Args:
        challenge: The challenge.
        method: How it is answered.
        answer: A code, or what a passkey answers, as JSON.
        device_token: What makes the device of a login a known one.
        transport: How the tokens of a login are sent.
    """

    challenge: str
    method: str
    answer: str
    device_token: str | None = None
    transport: str = BODY
