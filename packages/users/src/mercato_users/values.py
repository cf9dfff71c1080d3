"""Plain values that go into the services."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """What a stranger says about themselves."""

    email: str
    password: str
    given_name: str | None = None
    family_name: str | None = None
    locale: str | None = None
