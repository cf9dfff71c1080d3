"""What a start costs: ``mercato check`` on the real shop, and ``create_app`` with many features.

The many features are copies of one that ``mercato new`` makes. They need the contract ``catalog``,
so each app also has the feature ``products``; the line of 0 features is the host with that alone.

Everything is CPU time of processes of their own, with bytecode written.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import linear_regression, median
from tempfile import TemporaryDirectory

from parts import gizmos
from parts.measuring import cpu_seconds, middle, run
from parts.tables import say, show

COUNTS = (0, 1, 10, 25, 50, 100)
RUNS = 3
CHECK_GOAL_SECONDS = 2.5
FEATURE_GOAL_MS = 25

BOOTED = str(Path(__file__).parent / "parts/booted.py")
MERCATO = str(Path(sys.executable).with_name("mercato"))
SHOP = ("users", "products", "orders")

Costs = Mapping[int, Mapping[str, float]]
"""CPU milliseconds by what they went into, by number of features."""


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as place:
        measure_check(Path(place))
        measure_create_app(Path(place))


def measure_check(place: Path) -> None:
    """Measure ``mercato check`` on a deployment that fits, with its database migrated."""
    deployment = gizmos.write_deployment(place / "shop.toml", SHOP)
    mercato = [MERCATO, f"--deployment={deployment}"]
    run([*mercato, "db", "upgrade"])
    commands = {
        "import flask": [sys.executable, "-c", "import flask"],
        "import flask, its extensions and sqlalchemy": [
            sys.executable,
            "-c",
            "import flask_smorest, flask_marshmallow, flask_sqlalchemy, flask_limiter, sqlalchemy",
        ],
        "mercato --version": [MERCATO, "--version"],
        "mercato check --offline": [*mercato, "check", "--offline"],
        "mercato check": [*mercato, "check"],
    }
    seconds = {
        what: middle(lambda command=command: cpu_seconds(command), runs=RUNS)  # type: ignore[misc]
        for what, command in commands.items()
    }
    unit = seconds["import flask"]
    rows = [(what, f"{cost:.2f}", f"{cost / unit:.1f}") for what, cost in seconds.items()]
    head = ("whole process", "CPU s", "x flask")
    show(f"mercato check: {', '.join(SHOP)} on SQLite", head, rows)
    verdict = "within" if seconds["mercato check"] < CHECK_GOAL_SECONDS else "OVER"
    say(f"\n  {seconds['mercato check']:.2f} s: {verdict} the goal of {CHECK_GOAL_SECONDS} s")


def measure_create_app(place: Path) -> None:
    """Measure ``create_app`` with more and more features, and a bare Flask app beside it."""
    folder = place / "installed"
    folder.mkdir()
    names = gizmos.install(folder, COUNTS[-1])
    # The first process writes the bytecode.
    _boot("given", folder, names)
    installed, given, flask = {}, {}, {}
    for count in COUNTS:
        installed[count] = _costs("installed", folder, names[:count])
        given[count] = _costs("given", folder, names[:count])
        flask[count] = _costs("flask", folder, names[:count])
    _show_costs(installed, given, flask)
    _judge({count: costs["create_app"] for count, costs in installed.items()})


def _costs(how: str, folder: Path, names: Sequence[str]) -> Mapping[str, float]:
    """Return the median of each cost, by its name, of making an app with some features."""
    found = [_boot(how, folder, names) for _ in range(RUNS)]
    return {name: median(costs[name] for costs in found) for name in found[0]}


def _boot(how: str, folder: Path, names: Sequence[str]) -> Mapping[str, float]:
    deployment = gizmos.write_deployment(folder / "deployment.toml", ["products", *names])
    costs: dict[str, float] = json.loads(
        run([sys.executable, BOOTED, how, str(folder), str(deployment), *names])
    )
    return costs


def _show_costs(installed: Costs, given: Costs, flask: Costs) -> None:
    rows = []
    fewer, before = COUNTS[0], 0.0
    for count in COUNTS:
        total, bare = installed[count]["create_app"], flask[count]["create_app"]
        figures = (
            f"{total:.0f}",
            f"{(total - before) / (count - fewer):.1f}" if count > fewer else "",
            f"{given[count]['imports']:.0f}",
            f"{given[count]['create_app']:.0f}",
            f"{installed[count]['document']:.0f}",
            f"{bare:.1f}",
            f"{total / bare:.0f}",
        )
        rows.append((f"{count:>4}", f"{count * gizmos.ROUTES}", *figures))
        fewer, before = count, total
    head = (
        "features",
        "routes",
        "installed",
        "each more",
        "imports",
        "given",
        "first document",
        "flask",
        "x flask",
    )
    show("create_app: CPU ms, by number of features", head, rows)
    say(
        "\n"
        "  features        beside products, which offers the contract that they need\n"
        "  installed       found by their entry points, imported, checked and registered\n"
        "  each more       what each feature more than in the line above adds to that\n"
        "  imports, given  the two halves: importing the manifests, create_app(features=...)\n"
        "  first document  writing the API document when it is first asked for\n"
        "  flask           a bare Flask app with as many routes, without those of products"
    )


def _judge(costs: Mapping[int, float]) -> None:
    """Say what a feature costs, and whether the last ones cost more than the first ones."""
    slope, _ = linear_regression(list(costs), list(costs.values()))
    lower = [count for count in COUNTS if count <= COUNTS[-2]]
    first, _ = linear_regression(lower, [costs[count] for count in lower])
    last = (costs[COUNTS[-1]] - costs[COUNTS[-2]]) / (COUNTS[-1] - COUNTS[-2])
    verdict = "within" if slope <= FEATURE_GOAL_MS else "OVER"
    say(f"\n  {slope:.1f} ms a feature: {verdict} the goal of {FEATURE_GOAL_MS} ms")
    say(
        f"  {last:.1f} ms from {COUNTS[-2]} to {COUNTS[-1]} features, {first:.1f} ms up to "
        f"{COUNTS[-2]}: x {last / first:.2f} (linear is 1)"
    )


if __name__ == "__main__":
    main()
