"""Two commands on one order at once; ``nox -s bench -- pairs`` has more rounds."""

import pytest

from .bank import running_bank
from .pairs import Pairs
from .shopping import stock_variant

ROUNDS = 10


@pytest.fixture
def tried(boot, write_deployment, issuer, tmp_path):
    """Apps that charge at once and later, with a payment provider."""
    with running_bank(tmp_path) as bank:
        apps = {}
        for capture_at in ("payment", "fulfillment"):
            settings = (
                f'[features.orders.settings]\nguest_order_burst = 0\ncapture_at = "{capture_at}"\n'
            )
            more = settings + bank.table + issuer.table
            apps[capture_at] = boot(write_deployment("products", "orders", more=more))
        staff = issuer.staff()
        variant_id = stock_variant(apps["payment"].test_client(), staff, units=100_000)
        yield Pairs(apps, bank, staff, variant_id)


class TestPairs:
    def test_end_as_one_after_the_other(self, tried):
        """Each two commands that start at once end as if one had been first; the books agree."""
        faults = list(tried.faults(ROUNDS))

        assert not faults, "\n".join(faults)
        assert tried.violations() == []
