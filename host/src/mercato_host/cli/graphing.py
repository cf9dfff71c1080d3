"""``mercato graph`` and ``mercato why``: who needs and offers what."""

from collections.abc import Iterator
from collections.abc import Sequence

import click

from mercato_composition.commands.help import Command
from mercato_composition.commands.operation import Operation
from mercato_composition.commands.operation import pass_operation
from mercato_composition.commands.why import trace_contract
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_composition.features.relations import Answered
from mercato_composition.features.relations import events_between
from mercato_composition.features.relations import needs_between
from mercato_composition.features.relations import waiting_glue
from mercato_kit.feature import Need


@click.command(cls=Command, examples=["mercato graph", "mercato graph --mermaid > features.mmd"])
@click.option("--mermaid", is_flag=True, help="As a Mermaid flowchart.")
@pass_operation
def graph(operation: Operation, mermaid: bool) -> None:  # noqa: FBT001
    """Show who needs and offers what, and who tells whom.

    Features stand in the order in which they start. It works where they do not fit, too.
    """
    plan = operation.plan
    needs = list(needs_between(plan.features, operation.deployment.capabilities))
    lines = _as_mermaid(plan, needs) if mermaid else _as_text(plan, needs)
    for line in lines:
        click.echo(line)
    if not plan.fits:
        click.echo("They do not fit: `mercato check` says why.", err=True)


@click.command(cls=Command, examples=["mercato why catalog"])
@click.argument("contract")
@pass_operation
def why(operation: Operation, contract: str) -> None:
    """Say who needs and offers CONTRACT, in which versions, and who pins what.

    Features that are installed and not enabled count, too.
    """
    for line in trace_contract(contract, operation.deployment, operation.plan):
        click.echo(line)


def _as_text(plan: Plan, needs: Sequence[Answered]) -> Iterator[str]:
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
            yield f"needs     {answered.need.id} {answered.need.versions}: {_whose(answered)}"
    for offer in feature.manifest.offers:
        askers = [one for one in needs if one.by is feature and one.need.contract is offer.contract]
        names = sorted({one.feature.name for one in askers})
        if offer.contract.__module__.startswith("mercato_kit."):
            names.append("the host")
        yield f"offers    {offer.id} {offer.version}: {_named('for', names)}"
    told = list(events_between(features))
    for topic in feature.manifest.publishes:
        names = sorted({one.handler.name for one in told if one.topic == topic})
        yield f"publishes {topic}: {_named('to', names)}"
    for topic in sorted({handler.topic for handler in feature.manifest.handles}):
        names = sorted({one.publisher.name for one in told if one.topic == topic})
        yield f"handles   {topic}: {_named('from', names)}"
    for glue in feature.manifest.glue:
        state = "waits for" if glue in waiting_glue(feature) else "holds with"
        yield f"glue      {state} {', '.join(map(_condition, glue.when))}"


def _whose(answered: Answered) -> str:
    if answered.by is None or answered.offer is None:
        return "nobody offers it"
    verb = "offers" if answered.fits else "only offers"
    return f"{answered.by.name} {verb} {answered.offer.version}"


def _named(word: str, names: Sequence[str]) -> str:
    return f"{word} {', '.join(names)}" if names else f"{word} nobody"


def _condition(condition: Need | str) -> str:
    return condition if isinstance(condition, str) else f"{condition.id} {condition.versions}"


def _as_mermaid(plan: Plan, needs: Sequence[Answered]) -> Iterator[str]:
    yield "graph LR"
    for feature in plan.features:
        yield f'    {_node(feature.name)}["{feature.name} {feature.version or ""}"]'
    for answered in needs:
        asker, label = _node(answered.feature.name), _label(_condition(answered.need))
        if answered.by is not None and answered.fits:
            arrow = "-.->" if answered.glue else "-->"
            yield f'    {asker} {arrow}|"{label}"| {_node(answered.by.name)}'
        elif not answered.glue:
            missing = f'missing_{answered.need.id}["{answered.need.id}: {_whose(answered)}"]'
            yield f'    {asker} --x|"{label}"| {missing}'
    for told in events_between(plan.features):
        yield f'    {_node(told.publisher.name)} ==>|"{told.topic}"| {_node(told.handler.name)}'


def _node(name: str) -> str:
    """Return an id that is none of Mermaid's own words."""
    return f"feature_{name}"


def _label(text: str) -> str:
    """Escape what Mermaid would read as HTML."""
    return text.replace("<", "#lt;").replace(">", "#gt;")
