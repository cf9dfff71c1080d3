"""Write the settings of import-linter: allowed imports between distributions, and no cycles."""

import json
import tomllib
from collections.abc import Mapping, Sequence

from mercato_dev.distributions import DISTRIBUTIONS, WORKSPACE, Distribution

FEATURES = ("contracts", "kit")
"""What a feature may import. ``[tool.mercato.arrows]`` has the others."""

CONTRACT = "[[tool.importlinter.contracts]]"

Arrows = Mapping[str, Sequence[str]]
"""The short names that a distribution may import, by its short name."""


def describe_boundaries() -> str:
    """Return the settings: those in the root's pyproject.toml, and contracts for the folders."""
    tools = tomllib.loads(WORKSPACE.read_text()).get("tool", {})
    modules = {item.short: item.module for item in DISTRIBUTIONS}
    arrows = allowed(DISTRIBUTIONS, tools.get("mercato", {}).get("arrows", {}))
    settings = tools.get("importlinter", {}) | {"root_packages": sorted(modules.values())}
    rows = [" | ".join(modules[short] for short in layer) for layer in layers(arrows)]
    tables = [
        describe("[tool.importlinter]", **settings),
        describe(CONTRACT, name="layers", type="layers", layers=rows),
        *(describe_arrows(item, arrows[item.short]) for item in DISTRIBUTIONS),
        describe(
            CONTRACT, name="no rings", type="acyclic_siblings", ancestors=sorted(modules.values())
        ),
    ]
    return "\n".join(tables)


def describe(header: str, **values: object) -> str:
    """Return a TOML table."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([header, *lines])


def describe_arrows(item: Distribution, known: Sequence[str]) -> str:
    """Return the contract that *item* imports only the distributions in *known*."""
    others = [it.module for it in DISTRIBUTIONS if it.short not in (item.short, *known)]
    return describe(
        CONTRACT,
        name=f"{item.short} imports {', '.join(known) or 'no other'}",
        type="forbidden",
        source_modules=[item.module],
        forbidden_modules=sorted(others),
        # A distribution may import kit, which imports others.
        allow_indirect_imports=True,
    )


def allowed(distributions: Sequence[Distribution], declared: Arrows) -> dict[str, Sequence[str]]:
    """Return what each distribution may import."""
    # A repository of features contains neither the kit nor the platform.
    here = {item.short for item in distributions}
    arrows = {
        item.short: FEATURES if item.is_feature else declared.get(item.short, ())
        for item in distributions
    }
    return {short: sorted(here.intersection(known)) for short, known in arrows.items()}


def layers(arrows: Arrows) -> list[list[str]]:
    """Sort distributions into layers, the highest first; a layer imports only lower ones."""
    left = dict(arrows)
    found: list[list[str]] = []
    while left:
        lowest = sorted(short for short, known in left.items() if not left.keys() & set(known))
        if not lowest:
            raise ValueError(f"the arrows of {', '.join(sorted(left))} make a ring")
        found.insert(0, lowest)
        left = {short: known for short, known in left.items() if short not in lowest}
    return found
