"""Measure the shop beside two twins that give the same answers.

``bench.py instructions --only detail,list`` counts what these requests cost ours alone; without
``--only`` the twins are counted as well. ``bench.py gate`` compares the ratios with the committed
ones, ``bench.py accept`` writes them. Without a word, everything is measured but what
takes long: ``scale``, ``pairs``, ``chaos`` and ``timings``.
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

# The modules beside this file import each other by the name of their folder.
sys.path.insert(0, str(Path(__file__).parent))

from parts import (
    boot,
    chaos,
    comparison,
    features,
    instructions,
    over_http,
    pairs,
    ratios,
    scale,
    shop as shops,
    soak,
    timings,
)
from parts.report import Table, print_tables, write_charts, write_page
from parts.requests import COUNTED, REQUESTS
from parts.servers import servers_on
from parts.shop import Shop
from parts.tables import say

KINDS = ("http", "instructions", "boot", "soak", "features", "scale", "pairs", "chaos", "timings")
ON_REQUEST = {"scale", "pairs", "chaos", "timings"}
ON_A_SHOP = {"http", "instructions", "gate", "accept"}


def main() -> None:
    """Measure and print."""
    chosen = read_arguments()
    wanted = chosen.what or [kind for kind in KINDS if kind not in ON_REQUEST]
    tables: list[Table] = []
    with TemporaryDirectory() as folder:
        place = Path(folder)
        if ON_A_SHOP & {*wanted}:
            with shops.opened(place, chosen.rows, chosen.database) as shop:
                tables += measure_shop(shop, place, wanted, chosen)
        for kind, measure in {"boot": boot.measure, "features": features.measure}.items():
            tables += measure(place) if kind in wanted else []
        for kind, (measure_on, how_long) in {
            "soak": (soak.measure, chosen.soak_seconds),
            "scale": (scale.measure, chosen.many),
            "pairs": (pairs.measure, chosen.pair_rounds),
            "timings": (timings.measure, chosen.timings),
            "chaos": (partial(chaos.measure, provider=chosen.provider), chosen.chaos_seconds),
        }.items():
            tables += measure_on(place, chosen.database, how_long) if kind in wanted else []
    print_tables(tables)
    if chosen.page:
        write_page(tables, chosen.page)
    if chosen.charts:
        write_charts(tables, chosen.charts)


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", choices=[*KINDS, "gate", "accept", []], default=[])
    parser.add_argument("--rows", type=int, help="products; default 100,000, for a gate 10,000")
    parser.add_argument("--many", type=int, default=1_000_000, help="products of scale")
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--only", type=lambda text: text.split(","), help="these requests, a,b")
    parser.add_argument("--servers", type=lambda text: text.split(","), help="ours,naive,limit")
    parser.add_argument("--rounds", type=int, default=5, help="of http")
    parser.add_argument("--seconds", type=float, default=2, help="of a request in a round of http")
    parser.add_argument("--soak-seconds", type=float, default=60)
    parser.add_argument("--pair-rounds", type=int, default=200, help="of each two commands")
    parser.add_argument("--timings", type=int, default=200, help="of known and unknown addresses")
    parser.add_argument("--chaos-seconds", type=float, default=120)
    parser.add_argument("--provider", choices=["sandbox", "stripe"], default="sandbox")
    parser.add_argument("--page", type=Path, help="write the report to this file of HTML as well")
    parser.add_argument("--charts", type=Path, help="write the charts to this folder as SVG")
    chosen = parser.parse_args()
    chosen.rows = chosen.rows or (10_000 if {"gate", "accept"} & {*chosen.what} else 100_000)
    return chosen


def measure_shop(
    shop: Shop, place: Path, wanted: list[str], chosen: argparse.Namespace
) -> list[Table]:
    """Measure what needs a filled database."""
    tables = []
    twins = not chosen.only and not chosen.servers
    if twins or "http" in wanted:
        comparison.compare(shop, place)
    if {"instructions", "gate", "accept"} & {*wanted}:
        servers = chosen.servers or (servers_on(shop) if twins else ["ours"])
        costs = instructions.measure(shop, place, servers, chosen.only or COUNTED)
        tables.append(instructions.table_of(costs))
        settle(f"{instructions.UNIT}, {chosen.database}", costs, wanted)
    if "http" in wanted:
        load = over_http.Load(chosen.only or list(REQUESTS), chosen.rounds, chosen.seconds)
        tables += over_http.measure(shop, place, load)
    return tables


def settle(kind: str, costs: instructions.Costs, wanted: list[str]) -> None:
    """Write the ratios, or compare them with the committed ones."""
    found = ratios.ratios_of(costs)
    if "accept" in wanted:
        ratios.save(kind, found)
    if "gate" in wanted:
        ratios.check(ratios.load(kind), found)
        say(f"Every ratio of {kind} holds.")


if __name__ == "__main__":
    try:
        main()
    except (ratios.Behind, comparison.Different, timings.Distinguished) as refusal:
        sys.exit(str(refusal))
