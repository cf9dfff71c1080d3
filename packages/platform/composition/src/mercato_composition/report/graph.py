"""What ``mercato graph`` shows: a document, its text, and a Mermaid flowchart."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mercato_composition.features.candidate import Candidate
from mercato_composition.features.order import below
from mercato_composition.features.plan import Plan
from mercato_composition.features.relations import Answered, Offered, events_between
from mercato_composition.report.answers import as_words, describe_answers
from mercato_kit.contracts import has_many
from mercato_kit.feature import Need


def describe(plan: Plan, needs: Sequence[Answered]) -> dict[str, Any]:
    """Return the members of the document: features in the order in which they start."""
    return {
        "features": [
            {
                "name": feature.name,
                "distribution": feature.distribution,
                "version": feature.version,
                "needs": list(_needs(plan, feature, needs)),
                "offers": list(_offers(feature, needs)),
                "decorates": list(_decorates(plan, feature)),
                **_events(feature, plan.features),
                "expands": list(_expansions(feature)),
                "glue": list(_glue(feature)),
            }
            for feature in plan.features
        ],
        "left_out": dict(sorted(plan.left_out.items())),
    }


def _needs(plan: Plan, feature: Candidate, needs: Sequence[Answered]) -> Iterator[dict[str, Any]]:
    for answered in needs:
        if answered.feature is feature and not answered.glue:
            yield {
                "contract": answered.need.id,
                "versions": answered.need.versions,
                "at_least": answered.need.at_least,
                "many": has_many(answered.need.contract),
                "by": answered.by.name if answered.by else None,
                "version": answered.offer.version if answered.offer else None,
                "fits": answered.fits,
                "answers": describe_answers(plan, answered.answers),
            }


def _offers(feature: Candidate, needs: Sequence[Answered]) -> Iterator[dict[str, Any]]:
    for offer in feature.manifest.offers:
        names = sorted(
            {one.feature.name for one in needs if Offered(feature, offer) in one.answers}
        )
        if offer.contract.__module__.startswith("mercato_kit."):
            names.append("the host")
        name = Offered(feature, offer).name
        yield {"contract": offer.id, "name": name, "version": offer.version, "for": names}


def _decorates(plan: Plan, feature: Candidate) -> Iterator[dict[str, Any]]:
    for one in feature.manifest.decorates:
        over = below(feature, plan.answers.get(one.contract, ()))
        yield {
            "contract": one.id,
            "version": one.version,
            "over": describe_answers(plan, over),
        }


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
        yield f"needs     {it['contract']} {it['versions']}{_number(it)}: {_answers(it)}"
    for it in feature["offers"]:
        name = "" if it["name"] == feature["name"] else f" as {it['name']}"
        yield f"offers    {it['contract']} {it['version']}{name}: {_named('for', it['for'])}"
    for it in feature["decorates"]:
        over = as_words(it["over"], many=False)
        yield f"decorates {it['contract']} {it['version']}: over {over}"
    for it in feature["publishes"]:
        yield f"publishes {it['topic']}: {_named('to', it['to'])}"
    for it in feature["handles"]:
        yield f"handles   {it['topic']}: {_named('from', it['from'])}"
    for it in feature["expands"]:
        yield f"expands   {it['items']}: {', '.join(it['names'])}"
    for it in feature["glue"]:
        yield f"glue      {'holds with' if it['holds'] else 'waits for'} {', '.join(it['when'])}"


def _number(need: Mapping[str, Any]) -> str:
    """Write how many answers a need has, where that is not one."""
    if need["many"]:
        return f" ({need['at_least']} or more)"
    return "" if need["at_least"] else " (0 or 1)"


def _answers(need: Mapping[str, Any]) -> str:
    answers = need["answers"]
    if need["many"] or len(answers) > 1:
        unfit = "" if need["fits"] or not answers else " (does not fit)"
        return f"{as_words(answers, many=need['many'])}{unfit}"
    if not answers:
        return "not offered"
    verb = "offers" if need["fits"] else "only offers"
    remote = f" (remote, late: {answers[0]['late']})" if answers[0]["remote"] else ""
    return f"{need['by']} {verb} {need['version']}{remote}"


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
        yield from _edges(answered)
    for feature in plan.features:
        for one in feature.manifest.decorates:
            for offered in below(feature, plan.answers.get(one.contract, ()))[:1]:
                ends = f'-->|"over {one.id}"| {_node(offered.feature.name)}'
                yield f"    {_node(feature.name)} {ends}"
    for event in events_between(plan.features):
        yield f'    {_node(event.publisher.name)} ==>|"{event.topic}"| {_node(event.handler.name)}'


def _edges(answered: Answered) -> Iterator[str]:
    """Give an arrow to each provider of many, or to the outermost one of a stack."""
    asker, label = _node(answered.feature.name), _label(_condition(answered.need))
    is_optional = answered.glue or not answered.need.at_least
    if answered.answers and answered.fits:
        arrow = "-.->" if is_optional else "-->"
        shown = answered.answers if has_many(answered.need.contract) else answered.answers[:1]
        for name in dict.fromkeys(one.feature.name for one in shown):
            yield f'    {asker} {arrow}|"{label}"| {_node(name)}'
    elif not is_optional:
        missing = f'missing_{answered.need.id}["{answered.need.id}: {_answer(answered)}"]'
        yield f'    {asker} --x|"{label}"| {missing}'


def _node(name: str) -> str:
    """Return a node id that cannot be one of Mermaid's keywords."""
    return f"feature_{name}"


def _label(text: str) -> str:
    """Escape characters that Mermaid would read as HTML."""
    return text.replace("<", "#lt;").replace(">", "#gt;")
