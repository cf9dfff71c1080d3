"""How two schemas differ, for those who send such values or for those who read them."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Literal

from workspace.bumps import values
from workspace.bumps.changes import Change
from workspace.bumps.changes import Direction
from workspace.bumps.changes import Place
from workspace.bumps.levels import Level
from workspace.bumps.shapes import Components
from workspace.bumps.shapes import Schema
from workspace.bumps.shapes import Shape

_WHOLE = Place()


class Comparison:
    """Compares schemas of two documents.

    Args:
        before: The schemas that the first one names.
        after: The schemas that the second one names.
        direction: Who handles the values.
    """

    def __init__(
        self, before: Mapping[str, Schema], after: Mapping[str, Schema], direction: Direction
    ) -> None:
        self._before = Components(before)
        self._after = Components(after)
        self.direction = direction
        self._entered: set[tuple[str, str]] = set()

    def compare(self, before: Schema, after: Schema, place: Place = _WHOLE) -> Iterator[Change]:
        """Give the changes from one schema to another one."""
        old, new = self._before.read(before), self._after.read(after)
        yield from values.compare_null(old, new, self.direction, place)
        pair = (old.name or "", new.name or "")
        if all(pair) and pair in self._entered:
            # It holds itself, and is being compared already.
            return
        self._entered.add(pair)
        yield from self._inside(old, new, place.within(new.name))
        self._entered.discard(pair)

    def _inside(self, old: Shape, new: Shape, place: Place) -> Iterator[Change]:
        if old.variants or new.variants:
            yield from self._variants(old, new, place)
        else:
            yield from values.compare_kinds(old, new, self.direction, place)
        is_choice = bool(old.variants), bool(new.variants)
        if old.kinds & new.kinds and is_choice[0] == is_choice[1]:
            yield from values.compare_values(old, new, self.direction, place)
            yield from self._fields(old.keywords, new.keywords, place)
            yield from self._items(old.keywords, new.keywords, place)
            yield from self._others(old.keywords, new.keywords, place)

    def _fields(self, old: Schema, new: Schema, place: Place) -> Iterator[Change]:
        had, has = old.get("properties", {}), new.get("properties", {})
        for name in sorted({*had, *has}):
            here = place.step(f".{name}")
            was, becomes = (name in one.get("required", ()) for one in (old, new))
            if name not in has:
                yield Change(Level.MAJOR, here, "is gone")
            elif name not in had:
                level = self.direction.new_field(required=becomes)
                what = "is new and required" if level is Level.MAJOR else "is new"
                yield Change(level, here, what)
            else:
                yield from self._presence(here, was=was, becomes=becomes)
                yield from self.compare(had[name], has[name], here)

    def _presence(self, place: Place, *, was: bool, becomes: bool) -> Iterator[Change]:
        must, need_not = self.direction.present
        if becomes and not was:
            yield Change(self.direction.fewer_kinds, place, must)
        if was and not becomes:
            yield Change(self.direction.more_kinds, place, need_not)

    def _items(self, old: Schema, new: Schema, place: Place) -> Iterator[Change]:
        if "items" in old or "items" in new:
            yield from self.compare(old.get("items", {}), new.get("items", {}), place.step("[]"))

    def _others(self, old: Schema, new: Schema, place: Place) -> Iterator[Change]:
        """Compare the members that are not named one by one."""
        was, becomes = _others_of(old), _others_of(new)
        if was is False is becomes:
            return
        if was is False:
            what = "can have fields of any name now"
            yield Change(self.direction.more_values, place, what)
        elif becomes is False:
            what = "cannot have fields of any name any more"
            yield Change(self.direction.fewer_values, place, what)
        else:
            if was or becomes:
                yield from self.compare(was, becomes, place.step(".*"))

    def _variants(self, old: Shape, new: Shape, place: Place) -> Iterator[Change]:
        """Compare what a value can be one of: what is the same in both documents pairs up."""
        gone = list(old.variants or [old.without_null])
        more = []
        for variant in new.variants or [new.without_null]:
            same = next((one for one in gone if self._same(one, variant)), None)
            if same is None:
                more.append(variant)
            else:
                gone.remove(same)
        if len(gone) == len(more) == 1:
            yield from self.compare(gone[0], more[0], place)
            return
        for variant in more:
            what = f"can be {_named(self._after.read(variant))} now"
            yield Change(self.direction.more_kinds, place, what)
        for variant in gone:
            what = f"cannot be {_named(self._before.read(variant))} any more"
            yield Change(self.direction.fewer_kinds, place, what)

    def _same(self, before: Schema, after: Schema) -> bool:
        return all(change.level is Level.PATCH for change in self.compare(before, after))


def _others_of(schema: Schema) -> Schema | Literal[False]:
    """Return what further members must fit; False where there may be none."""
    others: Schema | bool = schema.get("additionalProperties", {})
    return {} if others is True else others


def _named(variant: Shape) -> str:
    return variant.name or values.named(variant.kinds)
