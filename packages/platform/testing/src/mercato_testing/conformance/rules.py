"""Checks of the rules about settings in production: each refuses its example, and no more."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mercato_kit.feature import Feature
from mercato_kit.settings import UNSAID, Rule, Settings, read


def broken_rules(feature: Feature, settings: Mapping[str, Any]) -> Iterator[str]:
    """Find production rules that do not refuse their example, or refuse their safe value.

    Args:
        feature: The feature.
        settings: Valid settings; the example of a rule replaces some of them.
    """
    kind = feature.settings or Settings
    for rule in kind.production:
        yield from (f"the rule for {rule.key}: {line}" for line in _mistakes(rule, kind, settings))


def _mistakes(rule: Rule, kind: type[Settings], settings: Mapping[str, Any]) -> Iterator[str]:
    known = {field.name for field in msgspec.structs.fields(kind)}
    yield from (f"there is no setting {key!r}" for key in {rule.key, *rule.reads} - known)
    if unread := rule.example.keys() - {rule.key, *rule.reads}:
        yield f"add what its example sets to its reads: {', '.join(sorted(unread))}"
    example = {**settings, **rule.example}
    if not _refuses(rule, kind, example):
        yield f"it does not refuse its example {dict(rule.example)}"
    safe = {key: value for key, value in example.items() if key != rule.key}
    if rule.instead is not UNSAID:
        safe[rule.key] = rule.instead
    if _refuses(rule, kind, safe):
        yield f"it refuses {rule.key} = {safe.get(rule.key, 'its default')}, which its fix proposes"


def _refuses(rule: Rule, kind: type[Settings], values: Mapping[str, Any]) -> bool:
    settings, mistakes = read(kind, values)
    if settings is None:
        details = "; ".join(f"{mistake.key}: {mistake.detail}" for mistake in mistakes)
        raise AssertionError(f"the rule for {rule.key} has invalid values: {details}")
    return bool(rule.unsafe(settings))
