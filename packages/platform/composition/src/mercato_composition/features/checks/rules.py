"""K206: what the features themselves declare as unsafe in production."""

from collections.abc import Iterator, Mapping, Sequence

from mercato_composition.deployment import corrections, edits
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import FeatureChoice
from mercato_composition.deployment.partial import Hole, Partial, UnknownError
from mercato_composition.deployment.sections import secret_names, secrets_in_clear
from mercato_composition.deployment.statements import ValuePath
from mercato_composition.faults import Fault, Fix, Outside
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks.unsafe import Unsafe, origin_or_default
from mercato_kit.settings import UNSAID, Rule, Settings


def development_only(
    features: Sequence[Candidate], choices: Mapping[str, FeatureChoice], source: Source
) -> Iterator[Unsafe]:
    """Check that no feature is for development only."""
    for feature in features:
        if reason := feature.manifest.development_only:
            choice = choices.get(feature.name)
            where = choice.place if choice else feature.place
            what = f"{feature.where} is for development only: {reason}."
            fix = edits.remove(source, ("features", feature.name))
            yield Unsafe(feature.name, where, what, (fix,), feature=feature.name)


def settings_in_clear(features: Sequence[Candidate], source: Source) -> Iterator[Fault]:
    """Check that no secret of a feature is written in the file (K205)."""
    for feature in features:
        if feature.manifest.settings is not None:
            path = ("features", feature.name, "settings")
            yield from secrets_in_clear(feature.manifest.settings, source, path)


def unsafe_settings(
    features: Sequence[Candidate], settings: Mapping[str, Partial[Settings]], source: Source
) -> Iterator[Fault | Unsafe | Hole]:
    """Apply the rules of each feature's settings, as far as these are known.

    A rule that fails is a fault, too (K106).
    """
    for feature in features:
        for rule in (feature.manifest.settings or Settings).production:
            yield from _applied(rule, feature, settings[feature.name], source)


def _applied(
    rule: Rule, feature: Candidate, settings: Partial[Settings], source: Source
) -> Iterator[Fault | Unsafe | Hole]:
    try:
        unsafe = rule.unsafe(settings.settings or settings)
    except UnknownError as unknown:
        yield unknown.hole
    except Exception as error:  # noqa: BLE001 - the feature's code may raise anything
        what = f"its production rule for {rule.key!r} cannot be applied: {type(error).__name__}"
        yield feature.fault("K106", f"{what}.", Outside("report it to its maintainers"))
    else:
        if unsafe:
            yield _broken(feature, rule, source)


def _broken(feature: Candidate, rule: Rule, source: Source) -> Unsafe:
    path = ("features", feature.name, "settings", rule.key)
    where = origin_or_default(source, *path, release=feature.release)
    what = f"{rule.key!r} of {feature.where} is unsafe: {rule.why}."
    fixes = _fixes(path, rule, feature, source)
    return Unsafe(f"{feature.name}.{rule.key}", where, what, fixes, rule.acceptable, feature.name)


def _fixes(path: ValuePath, rule: Rule, feature: Candidate, source: Source) -> tuple[Fix, ...]:
    if rule.key in secret_names(feature.manifest.settings or Settings):
        return corrections.secret(path)
    return (_fix(path, rule, source),)


def _fix(path: ValuePath, rule: Rule, source: Source) -> Fix:
    if rule.instead is not UNSAID:
        return edits.set_value(source, path, rule.instead)
    return edits.remove(source, path)
