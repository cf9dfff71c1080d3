"""Secrets in the database: which key seals them."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from mercato_composition.deployment.model import DEVELOPMENT_KEYS
from mercato_kit import keys

FORMER = "the key that this library had before"


@pytest.fixture
def library(library):
    """A library with tables and two books, and without loans."""
    library.fill()
    library.execute("DELETE FROM loans_loan", "UPDATE shelf_book SET title = 'x'")
    return library


@pytest.fixture
def seal(library):
    """A function that keeps what a server key sealed with the first book."""

    def keep(server_key):
        name = bytes.fromhex(keys._derive(server_key, "shelf.lock").id)
        with library.transaction() as connection:
            statement = sa.text("UPDATE shelf_book SET lock_sealed = :it WHERE id = :id")
            connection.execute(statement, {"it": name + bytes(28), "id": f"{1:032x}"})

    return keep


@pytest.fixture
def previous(monkeypatch):
    """The former key is accepted in this century."""
    monkeypatch.setenv("MERCATO_SECRET_KEY_PREVIOUS", FORMER)
    monkeypatch.setenv("MERCATO_SECRET_KEY_PREVIOUS_UNTIL", "2999-12-31")


class TestStatus:
    def test_counts_what_the_current_key_seals(self, library, seal):
        """A value of the current key is counted; there is no previous key."""
        seal(DEVELOPMENT_KEYS["development"])

        done = library.mercato("secrets", "status")

        first, *columns = done.stdout.splitlines()
        assert (first, done.exit_code) == ("previous key: none", 0)
        assert "shelf_book.lock_sealed: current 1, previous 0, unknown 0" in columns

    @pytest.mark.usefixtures("previous")
    def test_counts_what_the_previous_key_seals(self, library, seal):
        """The document has the number of values, and until when the key is accepted."""
        seal(FORMER)

        found = library.document("secrets", "status")

        until = datetime.fromisoformat(found["previous_until"])
        assert until == datetime(3000, 1, 1, tzinfo=UTC)
        [column] = [one for one in found["columns"] if one["column"] == "shelf_book.lock_sealed"]
        assert (column["current"], column["previous"], column["unknown"]) == (0, 1, 0)

    def test_fails_if_a_value_cannot_be_opened(self, library, seal):
        """A value of a key that is not accepted is unknown; the exit code is 2."""
        seal(FORMER)

        done = library.mercato("secrets", "status")

        assert (done.exit_code, "unknown 1" in done.stdout) == (2, True)


class TestDoctor:
    def test_accepts_the_current_key(self, library, seal):
        """What the current key seals is sound."""
        seal(DEVELOPMENT_KEYS["development"])

        assert library.mercato("doctor").exit_code == 0

    @pytest.mark.provokes("K210")
    @pytest.mark.usefixtures("previous")
    def test_warns_of_the_previous_key(self, library, seal):
        """What the previous key seals is a warning: the worker seals it anew."""
        seal(FORMER)

        [fault] = library.document("doctor")["faults"]

        assert (fault["code"], fault["severity"]) == ("K210", "warning")
        assert library.mercato("doctor").exit_code == 0

    @pytest.mark.provokes("K210")
    def test_reports_an_unknown_key(self, library, seal):
        """What no key opens is an error."""
        seal(FORMER)

        done = library.mercato("doctor")

        assert (done.exit_code, "error[K210]" in done.stdout) == (2, True)
