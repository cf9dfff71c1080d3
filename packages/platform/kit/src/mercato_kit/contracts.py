"""What a contract's module says of its answers, in constants beside the Protocol.

``ANSWERS`` is ``"one"`` or ``"many"``; ``ORDERED`` says whether the order of many answers changes
results; ``REMOTE`` names the methods that may ask another machine. The defaults are one, False and
none.
"""

import sys
from typing import Any


def has_many(contract: type[Any]) -> bool:
    """Tell whether several providers answer *contract* together."""
    return bool(_constant(contract, "ANSWERS", "one") == "many")


def is_ordered(contract: type[Any]) -> bool:
    """Tell whether the order of the answers to *contract* changes results."""
    return bool(_constant(contract, "ORDERED", default=False))


def remote_methods(contract: type[Any]) -> tuple[str, ...]:
    """Return the methods of *contract* that may ask another machine."""
    return tuple(_constant(contract, "REMOTE", ()))


def _constant(contract: type[Any], name: str, default: object) -> Any:
    return getattr(sys.modules.get(contract.__module__), name, default)
