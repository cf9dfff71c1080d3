"""What production refuses, and what an operator may accept in ``[accept]``."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.sections import origin_of
from mercato_composition.faults import Fault, Fix, Place

_THIS = f"mercato-composition {version('mercato-composition')}"


@dataclass(frozen=True, slots=True)
class Unsafe:
    """A value, a file or a server that production refuses.

    Args:
        rule: The id of the rule that says so, as ``[accept]`` names it: ``users.mail``.
        place: The line, the variable or the distribution that it is from.
        what: The danger.
        fixes: What to do about it.
        acceptable: Whether ``[accept]`` may name the rule.
        feature: The feature that it concerns, if it is one.
        mark: What tells it from another danger of the same rule and place.
    """

    rule: str
    place: Place
    what: str
    fixes: tuple[Fix, ...]
    acceptable: bool = False
    feature: str | None = None
    mark: str = ""

    def fault(self, accept: Mapping[str, str], source: Source) -> Fault:
        """Return the fault (K206): a warning if *accept* names the rule, else an error."""
        what, fixes = self.what, self.fixes
        reason = accept.get(self.rule)
        if not self.acceptable:
            what += "\nthere is no switch for this rule"
            if reason is not None:
                what += f": {self.rule!r} in [accept] does not cover this danger"
        elif reason is not None:
            what += f"\naccepted: {reason}"
        else:
            why = "<why this deployment may do it>"
            accepted = edits.set_value(source, ("accept", self.rule), why, "fill")
            fixes = (*map(_as_choice, fixes), accepted)
        fault = Fault("K206", self.place, what, fixes, feature=self.feature, mark=self._mark)
        if self.acceptable and reason is not None:
            return replace(fault, severity="warning", accepted=self.rule)
        return fault

    @property
    def _mark(self) -> str:
        """What tells it from another rule about the same place."""
        path, name = self.place.path, self.rule.rpartition(".")[2]
        if self.mark:
            return self.mark
        is_of_place = self.place.key == self.rule or path[-1:] == (self.rule,)
        return "" if is_of_place else name


def _as_choice(fix: Fix) -> Fix:
    return replace(fix, certainty="choice") if fix.certainty == "sure" else fix


def origin_or_default(source: Source, *path: str, release: str = _THIS) -> Place:
    """Return the origin of a value, or the *release* whose default it is."""
    return origin_of(source, *path) or Place(path=path, name=f"default of {release}")
