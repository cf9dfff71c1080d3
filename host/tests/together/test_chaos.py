"""A shop whose processes are killed; ``nox -s bench -- chaos`` does it for longer, and any pair."""

import pytest

from .chaos import run_chaos
from .providers import SANDBOX, STRIPE

SECONDS = 20


class TestChaos:
    @pytest.mark.parametrize(
        ("database_url", "provider"),
        [("sqlite", STRIPE), ("postgresql", SANDBOX)],
        indirect=["database_url"],
        ids=["sqlite-stripe", "postgresql-sandbox"],
    )
    def test_keeps_the_books(self, tmp_path, database_url, provider, issuer):
        """Whatever is killed and whatever the provider does, the books of shop and bank agree."""
        outcome = run_chaos(tmp_path, database_url, issuer, SECONDS, provider)

        assert not outcome.wrong, "\n".join(outcome.wrong)
        charged = (outcome.counted[f"- payment {status}"] for status in ("captured", "refunded"))
        assert sum(charged) > 0
