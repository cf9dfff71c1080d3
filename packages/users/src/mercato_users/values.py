"""Input of the services, as plain values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """The data of a registration."""

    email: str
    password: str
    given_name: str | None = None
    family_name: str | None = None
    locale: str | None = None
