"""Card numbers, which clients must not send."""


def is_card_number(text: str) -> bool:
    """Return whether a text looks like the number of a card: 12 to 19 digits with a check digit.

    Anything but letters may separate them. Source: ISO/IEC 7812-1, Luhn algorithm.
    """
    digits = [int(digit) for digit in reversed(text) if digit.isdecimal()]
    if not 12 <= len(digits) <= 19 or any(sign.isalpha() for sign in text):
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
