"""How PostgreSQL reads the tables of a shop with some thousand products."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_contracts.stock import Stock
from mercato_kit import services
from mercato_kit.db import new_id, session, utc_now
from mercato_products.models import SearchWord, StockLevel, Variant
from mercato_products.services.vocabulary import MOST_WORDS, words_for
from mercato_products.words import Term
from mercato_testing.plans import rows_scanned

from . import bulk

PRODUCTS = 3000
WORDS = 100_000

TABLES = ("products_variant", "products_stock_level")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
class TestStock:
    def test_reads_no_more_than_its_variants(self, commit):
        """Reserve, commit, ship and release read neither all variants nor all levels."""
        commit(bulk.fill, PRODUCTS, listed=False)

        read = commit(_reserve_ship_and_release)

        assert read == {"reserve": 0, "commit": 0, "ship": 0, "release": 0}

    def test_sees_a_whole_table_that_was_read(self, commit):
        """The measure finds a statement that does."""
        commit(bulk.fill, PRODUCTS, listed=False)

        def read():
            return session.execute(sa.select(sa.func.sum(StockLevel.on_hand))).all()

        assert commit(rows_scanned, read, *TABLES) == PRODUCTS


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
class TestVocabulary:
    @pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
    def test_reads_few_of_many_words(self, commit, mode):
        """A beginning of most words costs 51 of them, also with the plan for any beginning."""
        commit(_fill_with_words)

        def count():
            session.execute(sa.text(f"SET LOCAL plan_cache_mode = {mode}"))
            before = _words_read()
            assert words_for([Term("be", begins=True)]) == {}
            return _words_read() - before

        # To plan it, the ends of the index are read.
        assert MOST_WORDS < commit(count) < MOST_WORDS + 10


def _fill_with_words():
    written = sa.func.generate_series(1, WORDS).column_valued("number")
    word = sa.func.concat(sa.case((written < WORDS // 3, "a"), else_="be"), written)
    session.execute(sa.insert(SearchWord).from_select(["word"], sa.select(word)))
    session.execute(sa.text("ANALYZE products_search_word"))


def _words_read():
    """Return how many words the transaction has read, of the table or of its index."""
    of_all = sa.text(
        "SELECT pg_stat_get_xact_tuples_returned(indrelid)"
        " + sum(pg_stat_get_xact_tuples_returned(indexrelid))"
        " FROM pg_index WHERE indrelid = 'products_search_word'::regclass GROUP BY indrelid"
    )
    return session.scalar(of_all)


def _reserve_ship_and_release():
    stock, reference = services.get(Stock), new_id()
    in_stock = sa.select(StockLevel.variant_id).join(Variant, Variant.id == StockLevel.variant_id)
    wanted = dict.fromkeys(
        session.scalars(in_stock.where(StockLevel.on_hand > 0).limit(3)).all(), 2
    )
    one = dict.fromkeys(list(wanted)[:1], 1)
    calls = {
        "reserve": lambda: stock.reserve(reference, wanted, utc_now() + timedelta(minutes=15)),
        "commit": lambda: stock.commit(reference),
        "ship": lambda: stock.ship(reference, 1, one),
        "release": lambda: stock.release(reference, one, sequence=2),
    }
    return {name: rows_scanned(call, *TABLES) for name, call in calls.items()}
