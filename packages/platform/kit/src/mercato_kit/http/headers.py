"""Headers of responses, without what werkzeug does for each one.

Werkzeug raises and catches an error for a header that is missing, and checks each value again.
"""

from collections.abc import Iterable
from operator import itemgetter

from werkzeug.datastructures import Headers

_NAME = itemgetter(0)


def names_in(headers: Headers) -> set[str]:
    """Return the names of the headers in lower case."""
    return {*map(str.lower, map(_NAME, headers))}


def append(headers: Headers, added: Iterable[tuple[str, str]]) -> None:
    """Append headers of which none is there yet, and whose values cannot contain a line break."""
    # `extend()` would check each value.
    headers._list.extend(added)  # noqa: SLF001
