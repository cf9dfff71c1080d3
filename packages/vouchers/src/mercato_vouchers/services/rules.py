"""The members of a voucher fit together."""

from collections.abc import Iterator

from mercato_kit.errors import FieldError, Invalid
from mercato_vouchers.models import Voucher


def check_rules(voucher: Voucher) -> None:
    """Check the members of a voucher against each other.

    Raises:
        Invalid: Some contradict each other; with each of them.
    """
    if errors := [*_needs(voucher), *_excess(voucher), *_contradictions(voucher)]:
        raise Invalid(errors=errors)


def _needs(voucher: Voucher) -> Iterator[FieldError]:
    if voucher.kind == "percent" and voucher.ppm is None:
        yield FieldError("/ppm", "required", "A percent voucher needs it.")
    if voucher.kind == "amount" and not voucher.amounts:
        yield FieldError("/amounts", "required", "An amount voucher needs one or more.")


def _excess(voucher: Voucher) -> Iterator[FieldError]:
    if voucher.kind != "percent" and voucher.ppm is not None:
        yield FieldError("/ppm", "unexpected", "Only a percent voucher has it.")
    if voucher.kind != "amount" and voucher.amounts:
        yield FieldError("/amounts", "unexpected", "Only an amount voucher has them.")
    if voucher.kind == "amount" and voucher.at_most_amounts:
        yield FieldError("/at_most_amounts", "unexpected", "An amount voucher has none.")


def _contradictions(voucher: Voucher) -> Iterator[FieldError]:
    first, end = voucher.valid_from, voucher.valid_until
    if first is not None and end is not None and end <= first:
        yield FieldError("/valid_until", "range", "Must be after valid_from.")
