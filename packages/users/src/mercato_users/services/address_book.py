"""The address book of an account."""

from collections.abc import Container, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import check_version, found, locked, session
from mercato_kit.http import PageRequest
from mercato_kit.views import Shown
from mercato_users.errors import LimitReached
from mercato_users.models import Address, User
from mercato_users.views import ADDRESSES

MOST = 50
"""Addresses of an account."""

_DEFAULTS = ("is_default_shipping", "is_default_billing")


def list_addresses(user_id: UUID, page: PageRequest) -> Shown:
    """Return a page of the addresses of a user, by default the newest first."""
    return ADDRESSES.page(page, user_id=user_id)


def find_address(user_id: UUID, address_id: UUID) -> Shown:
    """Return an address of a user.

    Raises:
        NotFound: The user has no such address.
    """
    return ADDRESSES.one(user_id=user_id, id=address_id)


def create_address(user_id: UUID, values: Mapping[str, Any]) -> Address:
    """Add an address to the address book of a user.

    Args:
        user_id: The user.
        values: Values by attribute. A default takes the place of the one before.

    Raises:
        LimitReached: The user has 50 addresses.
    """
    _lock(user_id)
    of_user = sa.select(sa.func.count()).select_from(Address).where(Address.user_id == user_id)
    if (session.scalar(of_user) or 0) >= MOST:
        raise LimitReached
    _replace_defaults(user_id, values)
    address = Address(user_id=user_id, **values)
    session.add(address)
    session.flush()
    return address


def update_address(
    user_id: UUID, address_id: UUID, changes: Mapping[str, Any], *, versions: Container[int]
) -> Address:
    """Change an address of a user.

    Raises:
        NotFound: The user has no such address.
        StaleVersion: The address has changed since.
    """
    _lock(user_id)
    address = found(session.scalar(_one(user_id, address_id)))
    check_version(address, versions)
    _replace_defaults(user_id, changes)
    for attribute, value in changes.items():
        setattr(address, attribute, value)
    session.flush()
    return address


def delete_address(user_id: UUID, address_id: UUID) -> None:
    """Delete an address of a user.

    Raises:
        NotFound: The user has no such address.
    """
    session.delete(found(session.scalar(_one(user_id, address_id))))
    session.flush()


def _one(user_id: UUID, address_id: UUID) -> sa.Select[Address]:
    return sa.select(Address).where(Address.user_id == user_id, Address.id == address_id)


def _lock(user_id: UUID) -> None:
    """Lock the row of a user: it makes limit and defaults exact."""
    found(session.scalar(locked(sa.select(User.id).where(User.id == user_id))))


def _replace_defaults(user_id: UUID, values: Mapping[str, Any]) -> None:
    """Let no other address be the default that the values make another one."""
    for default in (name for name in _DEFAULTS if values.get(name)):
        session.execute(
            sa.update(Address)
            .where(Address.user_id == user_id, getattr(Address, default))
            .values({default: False, "version": Address.version + 1})
        )
