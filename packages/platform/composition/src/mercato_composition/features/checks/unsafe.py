"""What production refuses, and what an operator may accept in ``[accept]``."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version

from mercato_composition.deployment.file import Source
from mercato_composition.deployment.sections import origin_of
from mercato_composition.faults import Fault, Fix, Outside, Place

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
    """

    rule: str
    place: Place
    what: str
    fixes: tuple[Fix, ...]
    acceptable: bool = False
    feature: str | None = None

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
            line = f'"{self.rule}" = "the reason" in [accept] of {source.name}'
            fixes = (*fixes, Outside(f"accept it: {line}"))
        fault = Fault("K206", self.place, what, fixes, feature=self.feature)
        if self.acceptable and reason is not None:
            return replace(fault, severity="warning", accepted=self.rule)
        return fault


def origin_or_default(source: Source, *path: str, release: str = _THIS) -> Place:
    """Return the origin of a value, or the *release* whose default it is."""
    return origin_of(source, *path) or Place(path=path, name=f"default of {release}")
