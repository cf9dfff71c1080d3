"""Format the relations between features as text and as a Mermaid flowchart."""

from collections.abc import Iterator, Sequence

from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_composition.features.relations import Answered, events_between
from mercato_kit.feature import Need


def as_text(plan: Plan, needs: Sequence[Answered]) -> Iterator[str]:
    """Give a block of lines for each feature, in the order in which features start."""
    for feature in plan.features:
        yield f"{feature.name} ({feature.release})" if feature.distribution else feature.where
        yield from (f"    {line}" for line in _relations_of(feature, plan.features, needs))
    for name, reason in sorted(plan.left_out.items()):
        yield f"{name}: left out ({reason})"


def _relations_of(
    feature: Candidate, features: Sequence[Candidate], needs: Sequence[Answered]
) -> Iterator[str]:
    for answered in needs:
        if answered.feature is feature and not answered.glue:
            yield f"needs     {answered.need.id} {answered.need.versions}: {_answer(answered)}"
    for offer in feature.manifest.offers:
        askers = [one for one in needs if one.by is feature and one.need.contract is offer.contract]
        names = sorted({one.feature.name for one in askers})
        if offer.contract.__module__.startswith("mercato_kit."):
            names.append("the host")
        yield f"offers    {offer.id} {offer.version}: {_named('for', names)}"
    events = list(events_between(features))
    for topic in feature.manifest.publishes:
        names = sorted({one.handler.name for one in events if one.topic == topic})
        yield f"publishes {topic}: {_named('to', names)}"
    for topic in sorted({handler.topic for handler in feature.manifest.handles}):
        names = sorted({one.publisher.name for one in events if one.topic == topic})
        yield f"handles   {topic}: {_named('from', names)}"
    for glue in feature.manifest.glue:
        state = "holds with" if glue in feature.glue else "waits for"
        yield f"glue      {state} {', '.join(map(_condition, glue.when))}"


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
