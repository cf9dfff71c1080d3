"""Parameters of requests: ``metadata[order_id]=7&expand[0]=latest_charge`` as nested values."""

import re
from urllib.parse import parse_qsl

from .errors import invalid

NUMBERS = {"amount", "amount_to_capture", "limit"}


def read_form(text):
    """Return parameters as a dictionary; keys in brackets make dictionaries, numbers lists."""
    found = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, *rest = re.findall(r"[^\[\]]+", name)
        if not rest:
            found[first] = _number(first, value)
        elif rest[0].isdecimal():
            found.setdefault(first, []).append(value)
        else:
            found.setdefault(first, {})[rest[0]] = value
    return found


def require(parameters, *names, allowed=()):
    """Refuse parameters that are missing, and those that nothing knows."""
    for name in names:
        if name not in parameters:
            raise invalid(f"Missing required param: {name}.", name)
    for name in parameters:
        if name not in {*names, *allowed, "expand"}:
            raise invalid(f"Received unknown parameter: {name}", name)


def _number(name, value):
    if name not in NUMBERS:
        return value
    if not re.fullmatch(r"-?\d+", value, re.ASCII):
        raise invalid(f"Invalid integer: {value}", name)
    return int(value)
