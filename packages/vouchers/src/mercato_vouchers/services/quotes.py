"""The reductions of a basket: the verb ``quote`` of the contract ``discounts``."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from mercato_contracts.baskets import Basket
from mercato_contracts.discounts import MOST_REDUCTIONS, Discounted, Reduction, Refusal
from mercato_kit.db import current_connection
from mercato_kit.lists import any_of
from mercato_kit.prepared import Prepared
from mercato_vouchers.models import Redemption, Voucher
from mercato_vouchers.services.conditions import Rules, judge, refusal
from mercato_vouchers.services.customers import key_of


def quote_vouchers(basket: Basket) -> Discounted:
    """Return the reductions of a basket by its codes, then automatic ones, with one SELECT.

    A code of the basket that no voucher has is in neither list.
    """
    values = {
        "codes": list(basket.codes),
        "customer_key": key_of(basket.customer),
        "at": basket.at,
        "most": MOST_REDUCTIONS,
    }
    rows = _VOUCHERS.rows(current_connection(), values)
    found = [Rules(**row) for row in rows]
    by_code = {rules.code: rules for rules in found}
    named = [by_code[code] for code in basket.codes if code in by_code]
    automatic = [rules for rules in found if rules.code is None]
    return _answer([*named, *automatic], basket)


def _answer(found: Iterable[Rules], basket: Basket) -> Discounted:
    reductions: list[Reduction] = []
    refusals: list[Refusal] = []
    for rules in found:
        answer = judge(rules, basket)
        if isinstance(answer, Reduction):
            reductions.append(answer)
        elif rules.code is not None:
            refusals.append(refusal(rules.code, answer))
    return Discounted(tuple(reductions[:MOST_REDUCTIONS]), tuple(refusals))


def _select_vouchers(_dialect: sa.Dialect) -> sa.Select[*tuple[Any, ...]]:
    # Two statements in one: each has an index of its own.
    named = sa.select(*_rules()).where(any_of(Voucher.code, "codes"))
    automatic = (
        sa.select(*_rules())
        .where(Voucher.code.is_(None), Voucher.archived_at.is_(None), *_is_current())
        .where(sa.or_(Voucher.max_redemptions.is_(None), ~_is_used_up()))
        .order_by(Voucher.id)
        .limit(sa.bindparam("most", type_=sa.Integer()))
        .subquery("found_automatic")
    )
    found = sa.union_all(named, sa.select(*automatic.c)).subquery("found_vouchers")
    return sa.select(*found.c)


def _rules() -> list[sa.ColumnElement[Any]]:
    """Return the columns of :class:`Rules`."""
    names = [each.name for each in fields(Rules) if each.name != "used_by_customer"]
    used = (
        sa.select(sa.func.count())
        .where(
            Redemption.voucher_id == Voucher.id,
            Redemption.customer_key == sa.bindparam("customer_key", type_=sa.CHAR(64)),
            Redemption.slot.is_not(None),
        )
        .scalar_subquery()
    )
    return [*(getattr(Voucher, name) for name in names), used.label("used_by_customer")]


def _is_used_up() -> sa.ColumnElement[bool]:
    return Voucher.redeemed >= Voucher.max_redemptions


def _is_current() -> tuple[sa.ColumnElement[bool], ...]:
    at = sa.bindparam("at", type_=Voucher.valid_from.type)
    return (
        sa.or_(Voucher.valid_from.is_(None), Voucher.valid_from <= at),
        sa.or_(Voucher.valid_until.is_(None), Voucher.valid_until > at),
    )


_VOUCHERS = Prepared(_select_vouchers)
