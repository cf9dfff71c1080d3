"""K203: ``[accept]`` names only rules whose danger may be accepted."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from mercato_composition.deployment import corrections
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.sections import secret_names
from mercato_composition.faults import Fault, did_you_mean, nearest
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks import database, files, production, secrets
from mercato_kit.settings import Settings

_OF_THE_HOST = (*production.ACCEPTABLE, *database.ACCEPTABLE, *secrets.ACCEPTABLE, *files.OF_HOST)


def known(
    features: Sequence[Candidate],
    accept: Mapping[str, Any],
    choices: Collection[str],
    source: Source,
) -> Iterator[Fault]:
    """Check that every rule in ``[accept]`` exists and may be accepted (K203)."""
    rules = [*_OF_THE_HOST, *(rule for feature in features for rule in _acceptable(feature))]
    loaded = {feature.name for feature in features}
    # K202 says that another value is not a reason.
    for rule in (rule for rule, reason in accept.items() if isinstance(reason, str)):
        name = rule.partition(".")[0]
        # The rules of a feature that was not loaded are not known.
        if rule in rules or (name in choices and name not in loaded):
            continue
        what = f"no rule that can be accepted is called {rule!r}.{did_you_mean(rule, rules)}"
        what += f" Rules: {', '.join(rules)}"
        close = nearest(rule, sorted(set(rules) - accept.keys()))
        fixes = corrections.known(source, ("accept", rule), close)
        yield Fault("K203", source.key("accept", rule), what, fixes)


def _acceptable(feature: Candidate) -> Iterator[str]:
    kind = feature.manifest.settings or Settings
    yield from (f"{feature.name}.{rule.key}" for rule in kind.production if rule.acceptable)
    yield from (f"{feature.name}.{name}_file" for name in secret_names(kind))
    needs = feature.manifest.needs
    yield from (f"{feature.name}.{need.id}" for need in needs if need.without is not None)
