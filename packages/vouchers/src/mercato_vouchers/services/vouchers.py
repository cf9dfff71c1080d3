"""Create, find, change and archive vouchers, and list their redemptions."""

from collections.abc import Container, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import security
from mercato_kit.db import (
    check_version,
    found,
    locked,
    refreshed,
    refuse,
    session,
    unique_key,
    utc_now,
)
from mercato_kit.errors import FieldError, Invalid
from mercato_kit.http import Page, PageRequest, paginate
from mercato_vouchers.errors import CodeTaken, LimitBelowRedemptions
from mercato_vouchers.models import Redemption, Voucher
from mercato_vouchers.services.rules import check_rules
from mercato_vouchers.values import NewVoucher

_CODE = unique_key(Voucher, "code")


def create_voucher(new: NewVoucher) -> Voucher:
    """Create a voucher.

    Raises:
        Invalid: Its members contradict each other.
        CodeTaken: Another voucher has the code.
    """
    voucher = Voucher(**asdict(new))
    check_rules(voucher)
    with refuse({_CODE: CodeTaken}):
        session.add(voucher)
    security.record("voucher_created", voucher_id=voucher.id)
    return voucher


def find_voucher(voucher_id: UUID) -> Voucher:
    """Return a voucher; it may be archived.

    Raises:
        NotFound: It does not exist.
    """
    return found(session.get(Voucher, voucher_id))


def list_vouchers(
    page: PageRequest, *, code: str | None = None, archived: bool | None = None
) -> Page[Voucher]:
    """Return a page of vouchers.

    Args:
        page: The page requested.
        code: Only the one with this code.
        archived: Only archived ones, or only others.
    """
    statement = sa.select(Voucher)
    if code is not None:
        statement = statement.where(Voucher.code == code)
    if archived is not None:
        statement = statement.where(Voucher.archived_at.is_not(None) == archived)
    return paginate(statement, page, columns={"created_at": Voucher.created_at}, id=Voucher.id)


def update_voucher(
    voucher_id: UUID, changes: Mapping[str, Any], *, versions: Container[int]
) -> Voucher:
    """Change a voucher. Orders that have used it keep what it took off.

    Args:
        voucher_id: Id of the voucher.
        changes: New values by column.
        versions: The versions that the caller accepts; usually the one that it read.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
        Invalid: Its members contradict each other, or it would get or lose its limit.
        LimitBelowRedemptions: It was redeemed more often.
    """
    voucher = _lock(voucher_id, versions)
    _check_limit(voucher, changes.get("max_redemptions", voucher.max_redemptions))
    for name, value in changes.items():
        setattr(voucher, name, value)
    check_rules(voucher)
    session.flush()
    security.record("voucher_changed", voucher_id=voucher.id, changed=sorted(changes))
    return voucher


def archive_voucher(voucher_id: UUID, *, versions: Container[int]) -> None:
    """Archive a voucher: it has expired. Its code is not free again.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
    """
    voucher = _lock(voucher_id, versions)
    if voucher.archived_at is None:
        voucher.archived_at = utc_now()
        session.flush()
        security.record("voucher_archived", voucher_id=voucher.id)


def list_redemptions(voucher_id: UUID, page: PageRequest) -> Page[Redemption]:
    """Return a page of the redemptions of a voucher.

    Raises:
        NotFound: The voucher does not exist.
    """
    find_voucher(voucher_id)
    statement = sa.select(Redemption).where(Redemption.voucher_id == voucher_id)
    columns = {"created_at": Redemption.created_at}
    return paginate(statement, page, columns=columns, id=Redemption.id)


def _lock(voucher_id: UUID, versions: Container[int]) -> Voucher:
    row = refreshed(locked(sa.select(Voucher).where(Voucher.id == voucher_id)))
    voucher = found(session.scalar(row))
    check_version(voucher, versions)
    return voucher


def _check_limit(voucher: Voucher, limit: int | None) -> None:
    if (limit is None) != (voucher.max_redemptions is None):
        # Uses of a voucher without a limit are not counted.
        detail = "A voucher cannot get a limit, or lose it: archive it, and create another one."
        raise Invalid(errors=[FieldError("/max_redemptions", "fixed", detail)])
    if limit is not None and limit < voucher.redeemed:
        raise LimitBelowRedemptions
