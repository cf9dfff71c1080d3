"""Each two commands on one order, started at once, on both databases."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit.composition import current_composition
from mercato_kit.db import engine
from parts.databases import empty_database
from parts.report import Table
from parts.shop import ROOT

sys.path.append(str(ROOT))

from host.tests.together.bank import Bank, running_bank
from host.tests.together.issuer import Issuer, running_issuer
from host.tests.together.pairs import Pairs, pairs
from host.tests.together.shopping import stock_variant


def measure(place: Path, database: str, rounds: int) -> list[Table]:
    """Run all pairs.

    Raises:
        RuntimeError: A result is that of no order of the two, or the books do not agree.
    """
    began = monotonic()
    with (
        empty_database(place, database) as url,
        running_issuer() as issuer,
        running_bank(place) as bank,
        _tried(place, url, bank, issuer) as tried,
    ):
        wrong = [*tried.faults(rounds), *tried.violations()]
    if wrong:
        raise RuntimeError("\n".join(wrong))
    found = [("pairs", f"{len(pairs())}"), ("seconds", f"{monotonic() - began:.0f}")]
    title = f"pairs on {database}: {rounds} rounds each; all as one after the other"
    return [Table(title, ("", ""), found)]


@contextmanager
def _tried(place: Path, url: str, bank: Bank, issuer: Issuer) -> Iterator[Pairs]:
    """Make two apps that charge at once and later."""
    apps = {}
    for capture_at in ("payment", "fulfillment"):
        file = place / f"{capture_at}.toml"
        file.write_text(
            f'environment = "testing"\n[database]\nurl = "{url}"\n[logging]\nlevel = "ERROR"\n'
            "[features.products]\n[features.orders.settings]\n"
            f'guest_order_burst = 0\ncapture_at = "{capture_at}"\n{bank.table}{issuer.table}'
        )
        apps[capture_at] = create_app(file)
        with apps[capture_at].app_context():
            upgrade(url, current_composition().features)
    staff = issuer.staff()
    variant_id = stock_variant(apps["payment"].test_client(), staff, units=10_000_000)
    yield Pairs(apps, bank, staff, variant_id)
    for app in apps.values():
        with app.app_context():
            engine().dispose()
