"""K411: a route with a variable does not take, or lose, addresses of another feature."""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_runtime.policies import HOST_RULES

_VARIABLE = re.compile(r"<(?:([a-zA-Z_]\w*)(?:\(.*\))?:)?[^<>]+>")

_WORD = "a word"

_LOOSE = ("", "")
"""The bucket of rules that may match what others match from their beginning."""

_EXAMPLES: Mapping[str, str] = {
    "int": "7",
    "float": "1.5",
    "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
}

_STRICT: Mapping[str, re.Pattern[str]] = {
    "int": re.compile(r"\d+"),
    "float": re.compile(r"\d+\.\d+"),
    "uuid": re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
}
"""What these converters take; any other takes every word."""

Segment = tuple[str, str]
"""What a part of a rule is (a word, or a converter), and its text."""


@dataclass(frozen=True)
class Rule:
    """A rule as it is served.

    Args:
        text: As the feature wrote it, with its prefix.
        segments: Its parts.
        who: Whose it is.
        place: File and line of its view.
    """

    text: str
    segments: tuple[Segment, ...]
    who: str
    place: str

    @property
    def bucket(self) -> tuple[str, str]:
        """The two words it begins with, if it does."""
        first = [text for kind, text in self.segments[:2] if kind == _WORD]
        return (first[0], first[1]) if len(first) == 2 else _LOOSE


def none_shadowed(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Check that no address of one feature is taken by a rule of another (K411)."""
    rules: dict[tuple[str, str, str], list[Rule]] = {}
    for rule in HOST_RULES:
        host = Rule(rule, segments(rule), "the host", "")
        rules.setdefault(("GET", *host.bucket), []).append(host)
    for feature in features:
        # Of itself a feature knows what it does.
        own = list(_rules_of(feature))
        told: set[tuple[str, str]] = set()
        for method, mine in own:
            for other in _near(rules, method, mine):
                address = common_address(mine.segments, other.segments)
                if address is not None and (mine.text, other.text) not in told:
                    told.add((mine.text, other.text))
                    yield _fault(feature, method, (mine, other), address, deployment)
        for method, mine in own:
            rules.setdefault((method, *mine.bucket), []).append(mine)


def segments(rule: str) -> tuple[Segment, ...]:
    """Split a rule at its slashes."""
    return tuple(_segment(part) for part in rule.strip("/").split("/"))


def common_address(one: Sequence[Segment], other: Sequence[Segment]) -> str | None:
    """Return an address that both rules match; None where there is none."""
    if not one or not other:
        return None if one or other else ""
    for path, rule in ((one, other), (other, one)):
        if path[0][0] == "path":
            return _with_path(path, rule)
    word = _common(one[0], other[0])
    rest = None if word is None else common_address(one[1:], other[1:])
    return None if rest is None else f"/{word}{rest}"


def _with_path(path: Sequence[Segment], rule: Sequence[Segment]) -> str | None:
    """Let the path that a rule begins with take one part of the other rule, or more of them."""
    for length in range(1, len(rule) + 1):
        rest = common_address(path[1:], rule[length:])
        if rest is not None:
            return "".join(f"/{_example(part)}" for part in rule[:length]) + rest
    return None


def _rules_of(feature: Candidate) -> Iterator[tuple[str, Rule]]:
    for text, _, route in feature.rules:
        rule = Rule(text, segments(text), feature.name, route.where)
        yield from ((method, rule) for method in route.methods)


def _near(
    rules: Mapping[tuple[str, str, str], list[Rule]], method: str, mine: Rule
) -> Iterator[Rule]:
    """Give the rules that may match what *mine* matches, but for those that are the same."""
    buckets: Iterable[tuple[str, str, str]] = {(method, *mine.bucket), (method, *_LOOSE)}
    if mine.bucket == _LOOSE:
        buckets = [key for key in rules if key[0] == method]
    for key in sorted(buckets):
        # Rules of one shape are K401.
        yield from (
            other for other in rules.get(key, ()) if _shape(other.segments) != _shape(mine.segments)
        )


def _shape(rule: Sequence[Segment]) -> list[Segment]:
    return [(kind, text if kind == _WORD else "") for kind, text in rule]


def _segment(part: str) -> Segment:
    variable = _VARIABLE.fullmatch(part)
    if variable:
        return (variable[1] or "string", part)
    # Words and variables mixed are taken for a variable: they might be anything.
    return ("string", part) if "<" in part else (_WORD, part)


def _common(one: Segment, other: Segment) -> str | None:
    """Return a word that both parts match."""
    # Of two variables, an example of the stricter one will do for both, or none will.
    strict, loose = sorted((one, other), key=_looseness)
    return next((word for word in _examples(strict) if _takes(loose, word)), None)


def _takes(part: Segment, word: str) -> bool:
    kind = part[0]
    if kind in (_WORD, "any"):
        return word in _examples(part)
    return kind not in _STRICT or _STRICT[kind].fullmatch(word) is not None


def _example(part: Segment) -> str:
    return next(iter(_examples(part)), "word")


def _examples(part: Segment) -> list[str]:
    kind, text = part
    if kind == "any":
        choices = text.partition("(")[2].rpartition(")")[0].split(",")
        return [choice.strip(" \"'") for choice in choices]
    return [text if kind == _WORD else _EXAMPLES.get(kind, "word")]


def _looseness(part: Segment) -> int:
    """Rank as werkzeug does: words, variables that take some words, those that take any."""
    return {_WORD: 0, "any": 1, "path": 4}.get(part[0], 2 if part[0] in _STRICT else 3)


def _fault(
    feature: Candidate,
    method: str,
    both: tuple[Rule, Rule],
    address: str,
    deployment: Deployment,
) -> Fault:
    mine, other = both
    exact, loose = sorted(both, key=lambda rule: [_looseness(part) for part in rule.segments])
    lines = [
        f"{method} {mine.text} and {other.text} of {other.who} match one address: {address}",
        *filter(None, [other.place, mine.place]),
        f"{exact.who} answers there, and {loose.who} never sees it",
    ]
    mount = f'[features.{feature.name}] mount = "{feature.mount}/{feature.name}"'
    fix = f"use a stricter variable, such as <uuid:id>; or serve it elsewhere: {mount}"
    return feature.fault("K411", "\n".join(lines), f"{fix} in {deployment.source.name}")
