"""What a view shows, ready for the answer."""

from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Shown:
    """The members of an answer, which a route returns as it is.

    Args:
        content: The members by name. JSON of the database is ``msgspec.Raw``, and the items of a
            page are structs that are written as their members.
    """

    content: dict[str, Any]

    def json(self) -> bytes:
        """Return the answer as JSON."""
        return msgspec.json.encode(self.content)
