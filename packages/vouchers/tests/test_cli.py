import pytest
from click.testing import CliRunner

from mercato_kit.db import new_id
from mercato_vouchers.cli import commands

from .factories import make_voucher


@pytest.fixture
def generate(app):
    """A function that runs ``mercato vouchers generate``, and returns its result."""

    def run(*arguments):
        with app.app_context():
            return CliRunner().invoke(commands, ["generate", *map(str, arguments)])

    return run


class TestGenerate:
    def test_makes_codes(self, generate, charlie, commit):
        """Each printed code is a voucher with the rules of the one that is named."""
        original = commit(make_voucher, ppm=70_000, max_redemptions=1, minimum_amounts={"EUR": 5})

        run = generate(original, 30, "--prefix", "spring-")

        title, *codes = run.stdout.splitlines()
        found = charlie.get("/v1/vouchers?limit=100").json["data"]
        made = {one["code"]: one for one in found if one["id"] != str(original)}
        assert (run.exit_code, title) == (0, "code")
        assert made.keys() == set(codes)
        assert len(made) == 30
        assert all(code.startswith("SPRING-") for code in codes)
        rules = [(one["ppm"], one["max_redemptions"], one["minimum_amounts"]) for one in found]
        assert rules == [(70_000, 1, {"EUR": 5})] * 31

    def test_copies_can_be_archived(self, generate, charlie, commit):
        """Codes of an archived voucher are not archived themselves."""
        original = commit(make_voucher)
        charlie.delete(f"/v1/vouchers/{original}", headers={"If-Match": '"1"'})

        generate(original, 1)

        assert len(charlie.get("/v1/vouchers?archived=false").json["data"]) == 1

    def test_names_what_is_wrong(self, generate):
        """An unknown voucher, and a prefix that leaves no room, are refused in a line."""
        unknown, long = generate(new_id(), 1), generate(new_id(), 1, "--prefix", "X" * 60)

        assert (unknown.exit_code, long.exit_code) == (1, 2)
        assert "there is no voucher" in unknown.output
        assert "is too long" in long.output
