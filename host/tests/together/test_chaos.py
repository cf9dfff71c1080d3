"""A shop whose processes are killed; ``nox -s bench -- chaos`` does it for longer."""

from .chaos import run_chaos

SECONDS = 20


class TestChaos:
    def test_keeps_the_books(self, tmp_path, database_url, issuer):
        """Whatever is killed and whatever the provider does, the books of shop and bank agree."""
        outcome = run_chaos(tmp_path, database_url, issuer, SECONDS)

        assert not outcome.wrong, "\n".join(outcome.wrong)
        charged = (outcome.counted[f"- payment {status}"] for status in ("captured", "refunded"))
        assert sum(charged) > 0
