"""Vouchers with random codes."""

import secrets
from dataclasses import fields
from uuid import UUID

from mercato_kit.later import later
from mercato_vouchers.models import Voucher
from mercato_vouchers.services.vouchers import find_voucher
from mercato_vouchers.values import NewVoucher

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Digits and letters that are not mistaken for others."""
_RANDOM_CHARACTERS = 12
"""59 bits: guessing one of a million codes takes 10^11 attempts."""


def copy_voucher(voucher_id: UUID, count: int, prefix: str = "") -> list[str]:
    """Create vouchers like another one, each with a random code, and return the codes.

    Args:
        voucher_id: The voucher that they are copied from. It may be archived, they are not.
        count: Number of vouchers, 1 or more.
        prefix: What the codes begin with, in their canonical form.

    Raises:
        NotFound: The voucher does not exist.
    """
    original = find_voucher(voucher_id)
    rules = {field.name: getattr(original, field.name) for field in fields(NewVoucher)}
    codes = [prefix + _random() for _ in range(count)]
    later(Voucher, ({**rules, "code": code} for code in codes))
    return codes


def _random() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS))
