"""Card numbers, which clients must not send."""

import re

_NUMBER = re.compile(r"\d(?:[ -]?\d){11,18}")


def is_card_number(text: str) -> bool:
    """Return whether a text looks like the number of a card: 12 to 19 digits with a check digit.

    Source: ISO/IEC 7812-1, Luhn algorithm.
    """
    if not _NUMBER.fullmatch(text.strip()):
        return False
    digits = [int(digit) for digit in reversed(text) if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
