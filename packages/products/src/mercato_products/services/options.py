"""What the variants of a product differ in."""

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Sequence

from mercato_products.errors import invalid
from mercato_products.values import NewVariant


def read_options(options: Sequence[str] | None, variants: Sequence[NewVariant]) -> list[str]:
    """Return the names of the options, as given or as the first variant states them.

    Raises:
        Invalid: A name stands twice.
    """
    names = list(options if options is not None else variants[0].option_values if variants else [])
    if len({name.casefold() for name in names}) < len(names):
        raise invalid("/options", "repeated", "An option stands twice.")
    return names


def check_options(values: Mapping[str, str], options: Sequence[str], *, pointer: str) -> None:
    """Refuse option values that leave an option of the product open, or name another.

    Raises:
        Invalid: With *pointer* to the values.
    """
    if set(values) != set(options):
        names = ", ".join(options) or "none"
        raise invalid(
            pointer, "options", f"Give one value for each option of the product: {names}."
        )


def make_option_key(values: Mapping[str, str]) -> str:
    """Return the same 64 characters for the same values, whatever their order and case."""
    pairs = sorted((name.casefold(), value.casefold()) for name, value in values.items())
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()


def name_variant(values: Mapping[str, str], options: Sequence[str]) -> str:
    """Return the option values in the order of the options: ``Oak / Large``."""
    return " / ".join(values[option] for option in options)
