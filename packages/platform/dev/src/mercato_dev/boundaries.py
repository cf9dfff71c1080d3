"""Settings of import-linter: which distribution may import which, and no rings."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence

from mercato_dev.distributions import DISTRIBUTIONS, WORKSPACE, Distribution

FEATURES = ("contracts", "kit")
"""What a feature may import; a distribution of its own is allowed to import what its row says."""

Arrows = Mapping[str, Sequence[str]]
"""The short names that a distribution may import, by its short name."""


def describe_boundaries() -> str:
    """Write the settings: the rules of the root, and contracts made from the folders."""
    tools = tomllib.loads(WORKSPACE.read_text()).get("tool", {})
    rules = tools.get("importlinter", {}) | {
        "root_packages": sorted(it.module for it in DISTRIBUTIONS)
    }
    arrows = allowed(DISTRIBUTIONS, tools.get("mercato", {}).get("arrows", {}))
    lines = [
        "[tool.importlinter]",
        *(f"{key} = {json.dumps(value)}" for key, value in rules.items()),
        *_layers(arrows),
        *(line for item in DISTRIBUTIONS for line in _arrows_of(item, arrows)),
        *_no_rings(),
    ]
    return "\n".join(lines)


def allowed(distributions: Sequence[Distribution], declared: Arrows) -> dict[str, Sequence[str]]:
    """Return what each distribution may import: features the same, others what is declared."""
    there = {item.short for item in distributions}
    arrows = {
        item.short: FEATURES if item.is_feature else declared.get(item.short, ())
        for item in distributions
    }
    # A repository of features alone has neither the kit nor a platform among its folders.
    return {short: sorted(there.intersection(known)) for short, known in arrows.items()}


def layers(arrows: Arrows) -> list[list[str]]:
    """Order distributions in layers, the highest first; those of one layer import nothing of it."""
    left = dict(arrows)
    found: list[list[str]] = []
    while left:
        lowest = sorted(short for short, known in left.items() if not left.keys() & set(known))
        if not lowest:
            raise ValueError(f"the arrows of {', '.join(sorted(left))} make a ring")
        found.insert(0, lowest)
        left = {short: known for short, known in left.items() if short not in lowest}
    return found


def _layers(arrows: Arrows) -> list[str]:
    modules = {item.short: item.module for item in DISTRIBUTIONS}
    rows = [" | ".join(modules[short] for short in layer) for layer in layers(arrows)]
    return [
        "[[tool.importlinter.contracts]]",
        'name = "layers"',
        'type = "layers"',
        f"layers = {json.dumps(rows)}",
    ]


def _arrows_of(item: Distribution, arrows: Arrows) -> Iterator[str]:
    """Write the contract that forbids every distribution but those that *item* may import."""
    known = arrows[item.short]
    strangers = [it.module for it in DISTRIBUTIONS if it.short not in (item.short, *known)]
    yield "[[tool.importlinter.contracts]]"
    yield f'name = "{item.short} imports {", ".join(known) or "no other"}"'
    yield 'type = "forbidden"'
    yield f'source_modules = ["{item.module}"]'
    yield f"forbidden_modules = {json.dumps(sorted(strangers))}"
    # kit is allowed to composition; what kit imports is kit's own business.
    yield "allow_indirect_imports = true"


def _no_rings() -> list[str]:
    """Write the contract that neither modules nor folders of a distribution import in a ring."""
    return [
        "[[tool.importlinter.contracts]]",
        'name = "no rings"',
        'type = "acyclic_siblings"',
        f"ancestors = {json.dumps(sorted(item.module for item in DISTRIBUTIONS))}",
    ]
