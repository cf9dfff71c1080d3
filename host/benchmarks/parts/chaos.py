"""A shop whose processes are killed and whose payment provider fails; then its books."""

import sys
from pathlib import Path

from parts.databases import empty_database
from parts.report import Table
from parts.shop import ROOT

sys.path.append(str(ROOT))

from host.tests.together.chaos import CUSTOMERS, run_chaos
from host.tests.together.issuer import running_issuer
from host.tests.together.providers import PROVIDERS


def measure(place: Path, database: str, seconds: float, provider: str) -> list[Table]:
    """Run the customers, who pay with a provider, and check what is left.

    Raises:
        RuntimeError: The books of the shop and of its payment provider do not agree.
    """
    with empty_database(place, database) as url, running_issuer() as issuer:
        outcome = run_chaos(place, url, issuer, seconds, PROVIDERS[provider])
    if outcome.wrong:
        raise RuntimeError("\n".join(outcome.wrong))
    found = [(name, f"{count:,}") for name, count in sorted(outcome.counted.items())]
    who = f"{CUSTOMERS} customers for {seconds:g} s, who pay with {provider}"
    title = f"chaos on {database}: {who}; the books agree"
    return [Table(title, ("", ""), found)]
