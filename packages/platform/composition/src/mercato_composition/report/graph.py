"""What ``mercato graph`` shows: a document, its text, and a Mermaid flowchart."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_composition.features.relations import Answered, events_between
from mercato_kit.feature import Need


def describe(plan: Plan, needs: Sequence[Answered]) -> dict[str, Any]:
    """Return the members of the document: features in the order in which they start."""
    return {
        "features": [
            {
                "name": feature.name,
                "distribution": feature.distribution,
                "version": feature.version,
                "needs": list(_needs(feature, needs)),
                "offers": list(_offers(feature, needs)),
                **_events(feature, plan.features),
                "expands": list(_expansions(feature)),
                "glue": list(_glue(feature)),
            }
            for feature in plan.features
        ],
        "left_out": dict(sorted(plan.left_out.items())),
    }


def _needs(feature: Candidate, needs: Sequence[Answered]) -> Iterator[dict[str, Any]]:
    for answered in needs:
        if answered.feature is feature and not answered.glue:
            yield {
                "contract": answered.need.id,
                "versions": answered.need.versions,
                "by": answered.by.name if answered.by else None,
                "version": answered.offer.version if answered.offer else None,
                "fits": answered.fits,
            }


def _offers(feature: Candidate, needs: Sequence[Answered]) -> Iterator[dict[str, Any]]:
    for offer in feature.manifest.offers:
        askers = [one for one in needs if one.by is feature and one.need.contract is offer.contract]
        names = sorted({one.feature.name for one in askers})
        if offer.contract.__module__.startswith("mercato_kit."):
            names.append("the host")
        yield {"contract": offer.id, "version": offer.version, "for": names}


def _events(feature: Candidate, features: Sequence[Candidate]) -> dict[str, Any]:
    links = list(events_between(features))
    handled = sorted({handler.topic for handler in feature.manifest.handles})
    return {
        "publishes": [
            {"topic": topic, "to": sorted({it.handler.name for it in links if it.topic == topic})}
            for topic in feature.manifest.publishes
        ],
        "handles": [
            {
                "topic": topic,
                "from": sorted({it.publisher.name for it in links if it.topic == topic}),
            }
            for topic in handled
        ],
    }


def _expansions(feature: Candidate) -> Iterator[dict[str, Any]]:
    words = dict.fromkeys(one.word for one in feature.manifest.expansions)
    for word in words:
        names = [one.name for one in feature.manifest.expansions if one.word == word]
        yield {"items": word, "names": names}


def _glue(feature: Candidate) -> Iterator[dict[str, Any]]:
    for glue in feature.manifest.glue:
        yield {"when": [_condition(one) for one in glue.when], "holds": glue in feature.glue}


def as_text(document: Mapping[str, Any]) -> Iterator[str]:
    """Give the lines of the document, a block for each feature."""
    for feature in document["features"]:
        yield f"{feature['name']} ({feature['distribution']} {feature['version']})"
        yield from (f"    {line}" for line in _relations(feature))
    for name, reason in document["left_out"].items():
        yield f"{name}: left out ({reason})"


def _relations(feature: Mapping[str, Any]) -> Iterator[str]:
    for it in feature["needs"]:
        answer = "not offered"
        if it["by"]:
            answer = f"{it['by']} {'offers' if it['fits'] else 'only offers'} {it['version']}"
        yield f"needs     {it['contract']} {it['versions']}: {answer}"
    for it in feature["offers"]:
        yield f"offers    {it['contract']} {it['version']}: {_named('for', it['for'])}"
    for it in feature["publishes"]:
        yield f"publishes {it['topic']}: {_named('to', it['to'])}"
    for it in feature["handles"]:
        yield f"handles   {it['topic']}: {_named('from', it['from'])}"
    for it in feature["expands"]:
        yield f"expands   {it['items']}: {', '.join(it['names'])}"
    for it in feature["glue"]:
        yield f"glue      {'holds with' if it['holds'] else 'waits for'} {', '.join(it['when'])}"


def _answer(answered: Answered) -> str:
    if answered.by is None or answered.offer is None:
        return "not offered"
    verb = "offers" if answered.fits else "only offers"
    return f"{answered.by.name} {verb} {answered.offer.version}"


def _named(word: str, names: Sequence[str]) -> str:
    return f"{word} {', '.join(names)}" if names else f"{word} none"


def _condition(condition: Need | str) -> str:
    return condition if isinstance(condition, str) else f"{condition.id} {condition.versions}"


def as_mermaid(plan: Plan, needs: Sequence[Answered]) -> Iterator[str]:
    """Give the lines of a Mermaid flowchart."""
    yield "graph LR"
    for feature in plan.features:
        yield f'    {_node(feature.name)}["{feature.name} {feature.version or ""}"]'
    for answered in needs:
        asker, label = _node(answered.feature.name), _label(_condition(answered.need))
        if answered.by is not None and answered.fits:
            arrow = "-.->" if answered.glue else "-->"
            yield f'    {asker} {arrow}|"{label}"| {_node(answered.by.name)}'
        elif not answered.glue:
            missing = f'missing_{answered.need.id}["{answered.need.id}: {_answer(answered)}"]'
            yield f'    {asker} --x|"{label}"| {missing}'
    for event in events_between(plan.features):
        yield f'    {_node(event.publisher.name)} ==>|"{event.topic}"| {_node(event.handler.name)}'


def _node(name: str) -> str:
    """Return a node id that cannot be one of Mermaid's keywords."""
    return f"feature_{name}"


def _label(text: str) -> str:
    """Escape characters that Mermaid would read as HTML."""
    return text.replace("<", "#lt;").replace(">", "#gt;")
