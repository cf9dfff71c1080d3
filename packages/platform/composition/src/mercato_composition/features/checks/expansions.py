"""K125, K413: what features add to the items of others."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import Source
from mercato_composition.faults import Certainty, Fault, Fix, Outside, Place
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.discovery import Unloaded
from mercato_kit.feature import Expansion, contract_id


def expandable(
    features: Sequence[Candidate],
    unloaded: Unloaded,
    load_others: Callable[[], Sequence[Candidate]],
    named: Collection[str],  # noqa: ARG001 - a feature that is unknown may have such a route
    source: Source,
) -> Iterator[Fault]:
    """Check that there is a route with the items that a feature expands (K125)."""
    for feature in features:
        for one in feature.manifest.expansions:
            if any(_shows(other, one) for other in features):
                continue
            what = f"expands {one.word}, and no enabled feature has a route with such items."
            fixes = _fixes(one, [it.name for it in load_others() if _shows(it, one)], source)
            fault = feature.fault("K125", what, *fixes, mark=f"{one.word}.{one.name}")
            id_ = contract_id(one.contract)
            may_show = (name for name, ids in sorted(unloaded.items()) if ids is None or id_ in ids)
            yield replace(fault, follows=tuple(may_show))


def one_name_each(features: Sequence[Candidate], source: Source) -> Iterator[Fault]:
    """Check that the expansions of the same items have a name each (K413)."""
    owners: dict[tuple[str, str], list[Candidate]] = {}
    for feature in features:
        for one in feature.manifest.expansions:
            owners.setdefault((one.word, one.name), []).append(feature)
    for (word, name), rivals in owners.items():
        if len(rivals) > 1:
            where = ", ".join(feature.where for feature in rivals)
            names = dict.fromkeys(feature.name for feature in rivals)
            yield Fault(
                "K413",
                Place(name=word),
                f"expanded twice under the name {name!r}: {where}.",
                tuple(edits.remove(source, ("features", one), "choice") for one in names),
                feature=rivals[-1].name,
                mark=name,
            )


def _shows(feature: Candidate, one: Expansion) -> bool:
    """Return whether a route of *feature* has the items that an expansion is of."""
    return any(route.expands == (one.contract, one.thing) for *_, route in feature.rules)


def _fixes(one: Expansion, able: Sequence[str], source: Source) -> list[Fix]:
    certainty: Certainty = "choice" if able[1:] else "sure"
    fixes: list[Fix] = [edits.set_value(source, ("features", it), {}, certainty) for it in able]
    when = f'Need({one.contract.__name__}, ">=1,<2")'
    glue = Outside(f"maintainers: put it into Glue(when=[{when}], …)", "choice")
    return [*fixes, glue]
