"""Options of products and option values of variants."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from mercato_kit.errors import invalid
from mercato_products.values import NewVariant


def read_options(options: Sequence[str] | None, variants: Sequence[NewVariant]) -> list[str]:
    """Return the option names: those given, or those of the first variant.

    Raises:
        Invalid: A name occurs twice.
    """
    names = list(options if options is not None else variants[0].option_values if variants else [])
    if len({name.casefold() for name in names}) < len(names):
        raise invalid("/options", "repeated", "An option occurs twice.")
    return names


def check_options(values: Mapping[str, str], options: Sequence[str], *, pointer: str) -> None:
    """Check that there is exactly one value for each option of the product.

    Raises:
        Invalid: An option has no value, or a value has no option; *pointer* leads to the values.
    """
    if set(values) != set(options):
        names = ", ".join(options) or "none"
        raise invalid(
            pointer, "options", f"Give one value for each option of the product: {names}."
        )


def make_option_key(values: Mapping[str, str]) -> str:
    """Return a key of 64 characters that does not depend on order and case of the values."""
    pairs = sorted((name.casefold(), value.casefold()) for name, value in values.items())
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()


def name_variant(values: Mapping[str, str], options: Sequence[str]) -> str:
    """Return the option values in the order of the options, e.g. ``Oak / Large``."""
    return " / ".join(values[option] for option in options)
