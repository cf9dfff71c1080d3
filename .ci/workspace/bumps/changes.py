"""What a change of a schema is, and what it needs: the rules.

Who sends is hurt when less is accepted; who reads is hurt when more can come. The rules are those
of https://google.aip.dev/180 and of the catalogue of changes of oasdiff
(https://github.com/oasdiff/oasdiff/blob/main/docs/BREAKING-CHANGES.md), with two of our own: what
is sent may hold no unknown field, so that a field less is breaking there, too; and who reads must
bear fields and words that he does not know. The order of anything says nothing.
"""

from dataclasses import dataclass
from dataclasses import replace

from workspace.bumps.levels import Level


@dataclass(frozen=True)
class Direction:
    """What changes of a schema need, by who handles the values.

    Args:
        name: What others do with the values: ``sent`` or ``read``.
        more_kinds: They can be of another type, null, or absent.
        fewer_kinds: They cannot any more.
        more_values: More values of the same type are possible.
        fewer_values: Fewer are.
        other_default: Where no value is given, another one counts.
        present: How to say that a field must be there, and that it need not.
        warning: What readers must know about new words.
    """

    name: str
    more_kinds: Level
    fewer_kinds: Level
    more_values: Level
    fewer_values: Level
    other_default: Level
    present: tuple[str, str] = ("is required now", "is optional now")
    warning: str = ""

    def new_field(self, *, required: bool) -> Level:
        """Say what a field needs that was not there."""
        return max(self.fewer_kinds, Level.MINOR) if required else Level.MINOR


SENT = Direction(
    "sent",
    more_kinds=Level.MINOR,
    fewer_kinds=Level.MAJOR,
    more_values=Level.MINOR,
    fewer_values=Level.MAJOR,
    other_default=Level.MAJOR,
)
"""Of values that others send to us."""

READ = Direction(
    "read",
    more_kinds=Level.MAJOR,
    fewer_kinds=Level.MINOR,
    more_values=Level.MINOR,
    fewer_values=Level.MINOR,
    other_default=Level.PATCH,
    present=("is always there now", "is not always there any more"),
    warning=" (clients must bear words that they do not know)",
)
"""Of values that others read from us."""


@dataclass(frozen=True)
class Place:
    """A place in a document.

    Args:
        path: From the outside, e.g. ``lines[].sku``; empty for the whole.
        home: The component that it belongs to, and the path in that; it is the same place, wherever
            the component is used.
    """

    path: str = ""
    home: tuple[str, str] | None = None

    def step(self, step: str) -> "Place":
        """Go one step further in: ``.field``, ``[]`` or ``.*``."""
        home = self.home and (self.home[0], self.home[1] + step)
        return Place((self.path + step).removeprefix("."), home)

    def within(self, component: str | None) -> "Place":
        """Enter a component, if there is one."""
        return replace(self, home=(component, "")) if component else self


@dataclass(frozen=True)
class Change:
    """One difference: what it needs, where it is, and what is different there."""

    level: Level
    place: Place
    what: str
