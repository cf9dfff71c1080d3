"""What is verified for unknown addresses."""

import json
from pathlib import Path

import pytest

from mercato_users import dummies, hashes
from mercato_users.dummies import DUMMY_HASH, Shares

from . import factories

FOREIGN = json.loads((Path(__file__).parent / "foreign_hashes.json").read_text("utf-8"))


@pytest.fixture
def drawn(app):
    """A function that returns how many of 400 addresses draw each scheme now."""

    def count():
        with app.app_context():
            app.extensions.pop(dummies.EXTENSION, None)
            found = [hashes.scheme(dummies.draw(f"a{number}@example.com")) for number in range(400)]
        return {scheme: found.count(scheme) for scheme in found}

    return count


class TestDraw:
    def test_draws_schemes_in_the_proportions_of_the_accounts(self, commit, drawn):
        """Three accounts of four have an imported hash; so have about 300 of 400 addresses."""
        foreign = next(one for one in FOREIGN.values() if hashes.scheme(one).startswith("bcrypt"))
        for number in range(4):
            stored = factories.PASSWORD_HASH if number == 0 else foreign
            commit(factories.make_user, f"user{number}@example.com", password_hash=stored)

        counted = drawn()

        assert set(counted) == {hashes.scheme(factories.PASSWORD_HASH), hashes.scheme(foreign)}
        assert 250 < counted[hashes.scheme(foreign)] < 350

    def test_draws_the_same_for_an_address(self, app, commit):
        """An address has one scheme, however it is spelled."""
        for one in FOREIGN.values():
            commit(factories.make_user, password_hash=one)

        with app.app_context():
            app.extensions.pop(dummies.EXTENSION, None)
            draws = [dummies.draw(email) for email in ("alice@example.com", factories.WIDE) * 2]

        assert len(set(draws)) == 1

    def test_draws_the_usual_scheme_without_accounts(self, drawn):
        """With no account, what is verified has the parameters of new hashes."""
        assert drawn() == {hashes.scheme(factories.PASSWORD_HASH): 400}


class TestShares:
    def test_ignores_unknown_forms(self):
        """A hash that nothing can verify takes no time, so no address draws it."""
        shares = Shares.of(["?", factories.PASSWORD_HASH], 0.0)

        assert {shares.draw(number / 10) for number in range(10)} == {factories.PASSWORD_HASH}
        assert Shares.of(["?"], 0.0).draw(0.5) == DUMMY_HASH
