"""K401, K411: every URL belongs to one feature."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from werkzeug.routing import Map, MapAdapter, Rule

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import FeatureChoice
from mercato_composition.deployment.partial import Hole
from mercato_composition.faults import Certainty, Fault, Fix, Outside
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.reserved import PLATFORM_RULES
from mercato_kit.http import Route

_VARIABLE = re.compile(r"<(?:([^:<>]+):)?[^<>]+>")

_WORDS = (
    *("word", "1.5", "01890a5d-ac96-774b-bcce-b302099a8057"),
    *(letter * length for letter in "7w" for length in range(1, 9)),
)
"""Words that are tried in place of a variable, for each converter and of several lengths."""


class _Served(NamedTuple):
    """A URL rule as it is served; one of the platform's own has neither feature nor route."""

    rule: str
    methods: frozenset[str]
    feature: Candidate | None = None
    route: Route | None = None


def one_owner_each(
    features: Sequence[Candidate], choices: Mapping[str, FeatureChoice], source: Source
) -> Iterator[Fault | Hole]:
    """Check that no two routes have one method and URL (K401), or match one address (K411)."""
    served = [_Served(rule, frozenset({"GET", "HEAD"})) for rule in sorted(PLATFORM_RULES)]
    unknown = {name for name, choice in choices.items() if "mount" in choice.unknown}
    yield from (choices[name].unknown["mount"] for name in sorted(unknown))
    for feature in (one for one in features if one.name not in unknown):
        reported = set()
        for rule, _, route in feature.rules:
            mine = _Served(rule, frozenset(route.methods), feature, route)
            for other in served:
                if not (mine.methods & other.methods) or not _may_meet(rule, other.rule):
                    continue
                if _shape(rule) == _shape(other.rule):
                    yield _fault(feature, mine, other, None, source)
                # Which of its own routes answers is for a feature to decide.
                elif other.feature is not feature and (rule, other.rule) not in reported:
                    address = common_address(rule, other.rule)
                    if address is not None:
                        reported.add((rule, other.rule))
                        yield _fault(feature, mine, other, address, source)
            served.append(mine)


def common_address(one: str, other: str) -> str | None:
    """Return an address that both rules match; None where none was found."""
    return _common_path(one.strip("/").split("/"), other.strip("/").split("/"))


def _common_path(one: Sequence[str], other: Sequence[str]) -> str | None:
    if not one or not other:
        return None if one or other else ""
    word = _common_word(one[0], other[0])
    if word is None:
        return None
    # A path variable may end with this word, or take the next one, too.
    rests = [(one[1:], other[1:])]
    rests += [(one, other[1:])] if one[0].startswith("<path:") else []
    rests += [(one[1:], other)] if other[0].startswith("<path:") else []
    found = (_common_path(*rest) for rest in rests)
    return next((f"/{word}{rest}" for rest in found if rest is not None), None)


@cache
def _common_word(one: str, other: str) -> str | None:
    """Return a word that both segments match; None where none was found."""
    if "<" not in one + other:
        return one if one == other else None
    # Arguments of converters are tried, too: any(large, small), int(min=1000).
    words = (*_WORDS, *re.findall(r"[\w.-]+", one + other))
    tried = (_fill(one, text) for word in words for text in (word, _fill(other, word)))
    maps = [_map_of(one), _map_of(other)]
    return next((word for word in tried if all(urls.test(f"/{word}") for urls in maps)), None)


def _fill(segment: str, word: str) -> str:
    """Put *word* in place of the variables of a segment."""
    return _VARIABLE.sub(lambda _: word, segment)


@cache
def _map_of(segment: str) -> MapAdapter:
    return Map([Rule(f"/{segment}")]).bind("")


def _may_meet(one: str, other: str) -> bool:
    """Compare what two rules begin with, which is enough for most of them."""
    mine, its = one.partition("<")[0], other.partition("<")[0]
    return mine.startswith(its) or its.startswith(mine)


@cache
def _shape(rule: str) -> str:
    """Forget the names of variables: they do not tell two rules apart."""
    return _VARIABLE.sub(lambda match: f"<{match[1] or 'string'}>", rule)


def _fault(
    feature: Candidate, mine: _Served, other: _Served, address: str | None, source: Source
) -> Fault:
    """Report two rules of one shape, or two that match one *address*."""
    what = f"{', '.join(sorted(mine.methods & other.methods))} {mine.rule}"
    name = other.feature.name if other.feature else "the host"
    if address is None:
        code = "K401"
        what += f" is already a route of {other.feature.where if other.feature else name}:"
        outcome = f"{name} would answer, without a warning"
    else:
        code = "K411"
        what += f" and {other.rule} of {name} match one address: {address}"
        rules = [Rule(other.rule, endpoint=name), Rule(mine.rule, endpoint=feature.name)]
        winner, _ = Map(rules, strict_slashes=False).bind("").match(address)
        loser = name if winner == feature.name else feature.name
        outcome = f"{winner} answers it, and {loser} never receives it"
    places = [one.route.where for one in (other, mine) if one.route]
    fixes = _mounts([feature, other.feature] if other.feature else [feature], source)
    return feature.fault(code, "\n".join([what, *places, outcome]), *fixes)


def _mounts(features: Sequence[Candidate], source: Source) -> list[Fix]:
    """Return the fixes that serve one of two features elsewhere; a feature knows its own routes."""
    found = {one.name: f"{one.mount}/{one.name.replace('_', '-')}" for one in features}
    paths = {("features", name, "mount"): mount for name, mount in found.items()}
    if len(features) > len(found):
        return [Outside("leave one of them out; tell its maintainers")]
    certainty: Certainty = "choice" if len(found) > 1 else "sure"
    return [edits.set_value(source, path, mount, certainty) for path, mount in paths.items()]
