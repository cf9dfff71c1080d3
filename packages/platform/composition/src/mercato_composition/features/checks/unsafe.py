"""What production refuses, and what an operator may accept in ``[accept]``."""

from dataclasses import dataclass
from importlib.metadata import version

from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.sections import origin_of
from mercato_composition.faults import Fault

_THIS = f"mercato-composition {version('mercato-composition')}"


@dataclass(frozen=True, slots=True)
class Unsafe:
    """A value, a file or a server that production refuses.

    Args:
        rule: The id of the rule that says so, as ``[accept]`` names it: ``users.mail``.
        where: The line, the variable or the distribution that it is from.
        what: The danger.
        fix: What to do about it.
        acceptable: Whether ``[accept]`` may name the rule.
        feature: The feature that it concerns, if it is one.
    """

    rule: str
    where: str
    what: str
    fix: str
    acceptable: bool = False
    feature: str | None = None

    def fault(self, deployment: Deployment) -> Fault:
        """Return the fault (K206): a warning if *deployment* accepts it, else an error."""
        if not self.acceptable:
            what = f"{self.what}\nthere is no switch for this rule"
            if self.rule in deployment.accept:
                what += f": {self.rule!r} in [accept] does not cover this danger"
            return Fault("K206", self.where, what, self.fix, feature=self.feature)
        reason = deployment.accept.get(self.rule)
        if reason is None:
            accept = f'"{self.rule}" = "the reason" in [accept] of {deployment.source.name}'
            fix = f"{self.fix}; or accept it: {accept}"
            return Fault("K206", self.where, self.what, fix, feature=self.feature)
        return Fault(
            "K206",
            self.where,
            f"{self.what}\naccepted: {reason}",
            self.fix,
            "warning",
            self.feature,
            accepted=self.rule,
        )


def origin_or_default(source: Source, *path: str, release: str = _THIS) -> str:
    """Return the origin of a value, or the *release* whose default it is."""
    return origin_of(source, *path) or f"default of {release}"
