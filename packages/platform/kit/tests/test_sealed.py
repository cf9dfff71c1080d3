"""Sealed columns of both databases: counted by key, and sealed anew."""

import logging

import pytest
import sqlalchemy as sa

from mercato_kit import keys, sealed, work
from mercato_kit.db import engine, session
from mercato_kit.feature import Feature
from mercato_kit.sealed import Tally
from mercato_testing.server_keys import ServerKey

METADATA = sa.MetaData()
SEEDS = sa.Table(
    "seeds_seed",
    METADATA,
    sa.Column("shop", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("seed_sealed", keys.Sealed("seeds.seed")),
    sa.Column("changes", sa.Integer, default=0, onupdate=1),
)
COLUMN = SEEDS.c.seed_sealed


@pytest.fixture
def app(app):
    """An app whose database has the table; its context is open."""
    with app.app_context():
        METADATA.create_all(engine())
        yield app
        METADATA.drop_all(engine())


@pytest.fixture
def server_key(app):
    """Its server key."""
    return ServerKey(app)


@pytest.fixture
def seal(app):
    """A function that seals seeds by the current key, and stores them."""

    def store(*seeds):
        first = work.run(lambda: session.scalar(sa.select(sa.func.count()).select_from(SEEDS))) or 0
        rows = [
            {
                "shop": 1,
                "number": first + place,
                "seed_sealed": seed and keys.seal("seeds.seed", seed),
            }
            for place, seed in enumerate(seeds)
        ]
        work.run(lambda: session.execute(sa.insert(SEEDS), rows))

    return store


def seal_anew(limit=100):
    """Seal a batch anew."""
    return work.run(lambda: sealed.seal_anew(COLUMN, limit=limit))


def tally():
    """Count the values."""
    return work.run(lambda: sealed.tally(COLUMN), read_only=True)


class TestColumnsOf:
    def test_finds_the_columns_of_features(self):
        """The columns of features with tables are found by their type."""
        features = [
            Feature(name="seeds", summary="Seeds.", metadata=METADATA),
            Feature(name="none", summary="No tables."),
        ]

        assert COLUMN in list(sealed.columns_of(features))


class TestTally:
    def test_counts_by_key(self, server_key, seal):
        """Values of the current, the previous and an unknown key are counted; NULL is not."""
        seal(b"lost", None)
        server_key.change()
        server_key.change()
        seal(b"one", b"two")
        server_key.change()
        seal(b"three", b"four", b"five")

        assert tally() == Tally("seeds_seed.seed_sealed", current=3, previous=2, unknown=1)


class TestSealAnew:
    def test_seals_by_the_current_key(self, server_key, seal):
        """The current key opens the values later, and the rows are as before."""
        seal(b"one", b"two", None)
        server_key.change()

        assert seal_anew() == 2

        server_key.end_previous()
        rows = work.run(lambda: session.execute(sa.select(SEEDS).order_by(SEEDS.c.number)).all())
        assert [row.seed_sealed and keys.open("seeds.seed", row.seed_sealed) for row in rows] == [
            b"one",
            b"two",
            None,
        ]
        assert [row.changes for row in rows] == [0, 0, 0]

    def test_goes_on_in_batches(self, server_key, seal):
        """A batch has a limit, and the last one finds nothing."""
        seal(*[b"seed"] * 5)
        server_key.change()

        assert [seal_anew(limit=2) for _ in range(4)] == [2, 2, 1, 0]

    def test_leaves_what_it_cannot_open(self, server_key, seal, caplog):
        """A changed value is logged and stays; values of unknown keys are not looked at."""
        seal(b"lost")
        server_key.change()
        server_key.change()
        seal(b"one")
        work.run(
            lambda: session.execute(
                sa.update(SEEDS)
                .where(SEEDS.c.number == 1)
                .values(seed_sealed=bytes.fromhex(keys.derive("seeds.seed").id) + bytes(40))
            )
        )
        server_key.change()

        with caplog.at_level(logging.ERROR):
            assert seal_anew() == 0

        assert len(caplog.records) == 1
        assert "was changed" in caplog.text

    def test_does_nothing_without_a_previous_key(self, seal):
        """Without a previous key, no value is read."""
        seal(b"one")

        assert seal_anew() == 0
