"""Who may import whom, as import-linter wants to be told."""

import json
import tomllib

from workspace.distributions import DISTRIBUTIONS
from workspace.distributions import WORKSPACE
from workspace.distributions import Distribution


def describe_boundaries() -> str:
    """Write the settings of import-linter: the rules of the root, and a contract a distribution."""
    rules = tomllib.loads(WORKSPACE.read_text())["tool"]["importlinter"]
    rules["root_packages"] = sorted(item.module for item in DISTRIBUTIONS)
    lines = [
        "[tool.importlinter]",
        *(f"{key} = {json.dumps(value)}" for key, value in rules.items()),
    ]
    for item in DISTRIBUTIONS:
        known = allowed(item)
        others = " and ".join(sorted(known - {item.short})) or "nobody"
        strangers = sorted(other.module for other in DISTRIBUTIONS if other.short not in known)
        lines += [
            "[[tool.importlinter.contracts]]",
            f'name = "{item.short} knows {others}"',
            'type = "forbidden"',
            f'source_modules = ["{item.module}"]',
            f"forbidden_modules = {json.dumps(strangers)}",
        ]
    return "\n".join([*lines, *_no_rings()])


def _no_rings() -> list[str]:
    """Write the contract that neither modules nor folders of a distribution import in a ring."""
    modules = sorted(item.module for item in DISTRIBUTIONS if item.short != "host")
    return [
        "[[tool.importlinter.contracts]]",
        'name = "no rings"',
        'type = "acyclic_siblings"',
        f"ancestors = {json.dumps(modules)}",
    ]


def allowed(item: Distribution) -> set[str]:
    """Name the distributions that one may import, itself included."""
    if item.is_feature:
        return {item.short, "kit", "contracts"}
    return {item.short, "kit"} if item.short == "host" else {item.short}
