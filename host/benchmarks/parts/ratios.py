"""How far ours is ahead of its twins, compared with the ratios that are committed."""

import json
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).parents[1] / "ratios.json"
SLACK = 0.10
"""How far a ratio may fall behind the committed one."""

Ratios = Mapping[str, Mapping[str, float]]
"""Cost of the twin divided by that of ours, by request, by twin."""


def ratios_of(costs: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return the ratios of costs by request, by server."""
    ours = costs["ours"]
    return {
        twin: {name: round(cost / ours[name], 3) for name, cost in of_twin.items()}
        for twin, of_twin in costs.items()
        if twin != "ours"
    }


class Behind(Exception):
    """Some ratios fell behind the committed ones, or none are committed; the message lists them."""


def check(committed: Ratios, found: Ratios) -> None:
    """Compare ratios with the committed ones.

    Raises:
        Behind: One fell by more than ``SLACK``, or there is nothing to compare with.
    """
    lines = [
        f"{name}, {twin} / ours: {_at(found, twin, name):.2f}, committed {before:.2f}"
        for twin, of_twin in committed.items()
        for name, before in of_twin.items()
        if _at(found, twin, name) < before * (1 - SLACK)
    ]
    if not committed:
        lines = [f"no ratios of this kind are committed in {FILE.name}: nox -s bench -- accept"]
    if lines:
        raise Behind("\n".join(["fallen behind the twins:", *lines]))


def _at(ratios: Ratios, twin: str, name: str) -> float:
    return ratios.get(twin, {}).get(name, 0)


def load(kind: str) -> Ratios:
    """Return the committed ratios of a kind of measurement; none if there are none yet."""
    found: dict[str, Ratios] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return found.get(kind, {})


def save(kind: str, ratios: Ratios) -> None:
    """Write the ratios of a kind of measurement, beside those of the others."""
    kept = json.loads(FILE.read_text()) if FILE.exists() else {}
    FILE.write_text(json.dumps(kept | {kind: ratios}, indent=2, sort_keys=True) + "\n")
