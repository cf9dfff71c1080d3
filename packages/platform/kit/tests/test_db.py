import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import aliased

from mercato_kit import db, transactions, work
from mercato_kit.errors import Conflict, NotFound, StaleVersion
from mercato_kit.models import IdempotencyKey

from .demo import Base, Note, TitleTaken
from .steps import add_note


class TestEngine:
    def test_is_that_of_the_current_app(self, boot, sqlite_url, database_url):
        """Two apps in one process have separate engines."""
        first, second = boot(sqlite_url), boot(database_url)

        with first.app_context():
            assert db.engine().url.get_backend_name() == "sqlite"
            assert db.engine() is db.session.get_bind()
            engine = db.engine()
        with second.app_context():
            assert db.engine() is not engine

    def test_needs_an_app(self):
        """Without an app context, an error is raised."""
        with pytest.raises(RuntimeError, match="application context"):
            db.engine()


class TestCurrentConnection:
    def test_is_that_of_the_session(self, in_unit, app):
        """In a unit of work as outside, statements of both are in one transaction."""

        def step():
            return db.current_connection() is db.session.connection()

        with app.app_context():
            assert step()
        assert in_unit(step)

    def test_is_another_one_after_the_transaction(self, in_unit):
        """A transaction that only reads first has a connection of its own."""

        def step():
            read = work.read_first(db.current_connection)
            return read.closed and not db.current_connection().closed

        assert in_unit(step)

    def test_is_in_the_savepoint(self, in_unit):
        """What it writes in a savepoint is undone with it, also if the connection was known."""

        def step():
            before = db.current_connection()
            nested = db.session.begin_nested()
            db.current_connection().execute(sa.insert(Note).values(title="undone"))
            nested.rollback()
            before.execute(sa.insert(Note).values(title="kept"))
            return db.session.scalars(sa.select(Note.title)).all()

        assert in_unit(step) == ["kept"]


class TestFound:
    def test_returns_the_row(self):
        """A row is returned as it is, whatever its truth value."""
        assert db.found(0) == 0

    def test_refuses_none(self):
        """No row is a 404."""
        with pytest.raises(NotFound):
            db.found(None)


class TestCheckVersion:
    def test_refuses_another_version(self):
        """A row that has changed since the caller read it is a 412."""
        db.check_version(Note(version=2), {1, 2})
        with pytest.raises(StaleVersion):
            db.check_version(Note(version=2), {1})


class TestTouch:
    def test_counts_each_time(self, in_unit):
        """The version increases each time, also twice within a millisecond."""
        note_id = in_unit(add_note)

        def change():
            note = db.session.get_one(Note, note_id)
            for _ in range(20):
                db.touch(note)
                db.session.flush()
            return note.version

        assert in_unit(change) == 21


class TestRefreshed:
    def test_overwrites_what_the_session_holds(self, in_unit):
        """A row that was loaded before gets the values of the database."""

        def step():
            note = db.session.get_one(Note, add_note(rank=1))
            change = sa.update(Note).values(rank=2)
            db.session.execute(change, execution_options={"synchronize_session": False})
            stale = db.session.scalar(sa.select(Note)).rank
            db.session.scalar(db.refreshed(sa.select(Note)))
            return stale, note.rank

        assert in_unit(step) == (1, 2)


class TestNewId:
    def test_sorts_by_time_of_creation(self):
        """Ids sort in the order in which they were made, even within a millisecond."""
        ids = [db.new_id() for _ in range(1000)]

        assert ids == sorted(ids)
        assert len(set(ids)) == 1000

    def test_is_a_uuid_of_version_7(self):
        """The id is a UUIDv7: its first 48 bits are the time in milliseconds."""
        made = db.new_id()

        assert made.version == 7
        assert abs((made.int >> 80) - time.time() * 1000) < 5000


class TestUtcNow:
    def test_is_aware_and_in_milliseconds(self):
        """The time is aware UTC with the precision of the API."""
        now = db.utc_now()

        assert now.tzinfo is UTC
        assert now.microsecond % 1000 == 0


class TestUtcDateTime:
    @pytest.mark.parametrize(
        "instant",
        [
            datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            datetime(987, 6, 5, tzinfo=UTC),
            datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
            datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-11, minutes=-30))),
        ],
        ids=str,
    )
    def test_returns_the_same_time(self, in_unit, instant):
        """A time is loaded as UTC, equal to the microsecond."""
        note_id = in_unit(lambda: add_note(created_at=instant))

        read = in_unit(lambda: db.session.get_one(Note, note_id).created_at)

        assert read == instant
        assert read.utcoffset() == timedelta(0)

    def test_refuses_a_naive_time(self, in_unit):
        """A naive time is refused before it reaches the database."""
        with pytest.raises(StatementError, match="naive datetime"):
            in_unit(lambda: add_note(created_at=datetime(2026, 1, 2)))  # noqa: DTZ001

    def test_sorts_by_time(self, in_unit):
        """The database sorts times correctly, whatever their year, fraction or offset."""
        times = [
            datetime(87, 1, 1, tzinfo=UTC),
            datetime(987, 1, 1, tzinfo=UTC),
            datetime(2026, 1, 1, 23, tzinfo=timezone(timedelta(hours=14))),
            datetime(2026, 1, 1, 10, tzinfo=UTC),
            datetime(2026, 1, 1, 10, 0, 0, 1, tzinfo=UTC),
        ]
        for instant in reversed(times):
            in_unit(lambda instant=instant: add_note(created_at=instant))

        read = in_unit(
            lambda: list(db.session.scalars(sa.select(Note.created_at).order_by(Note.created_at)))
        )

        assert read == times

    def test_is_text_of_one_width_on_sqlite(self, boot, sqlite_url):
        """SQLite stores UTC text of 27 characters, which sorts by time."""
        app = boot(sqlite_url)
        with app.app_context():
            add_note(created_at=datetime(987, 6, 5, tzinfo=UTC))
            stored = db.session.scalar(sa.text("SELECT created_at FROM notes_note"))

        assert stored == "0987-06-05T00:00:00.000000Z"


class TestJson:
    def test_none_is_null(self, in_unit):
        """None is stored as NULL, not as JSON null."""
        in_unit(lambda: add_note(extra=None))

        found = in_unit(
            lambda: db.session.scalar(
                sa.select(sa.func.count()).select_from(Note).where(Note.extra.is_(None))
            )
        )

        assert found == 1

    def test_returns_the_same_value(self, in_unit):
        """A value is loaded as it was stored."""
        value = {"a": [1, None, {"b": "ü"}], "big": db.MAX_SAFE_INTEGER}
        note_id = in_unit(lambda: add_note(extra=value))

        assert in_unit(lambda: db.session.get_one(Note, note_id).extra) == value


class TestMetadata:
    def test_names_every_constraint(self):
        """A constraint without a name gets one from its table and columns."""
        names = {constraint.name for constraint in Base.metadata.tables["notes_note"].constraints}

        assert names == {
            "pk_notes_note",
            "uq_notes_note_title",
            "ck_notes_note_rank_not_negative",
        }

    def test_knows_its_feature(self):
        """The metadata has the name of its feature."""
        assert db.metadata("orders").info == {"feature": "orders"}


class TestAggregate:
    def test_increases_its_version_with_each_change(self, in_unit):
        """A new row has version 1; each UPDATE increases it and sets updated_at."""
        note_id = in_unit(lambda: add_note(updated_at=datetime(2020, 1, 1, tzinfo=UTC)))

        def change():
            db.session.get_one(Note, note_id).rank += 1

        in_unit(change)
        in_unit(change)

        note = in_unit(lambda: db.session.get_one(Note, note_id))
        assert (note.rank, note.version) == (2, 3)
        assert note.updated_at > db.utc_now() - timedelta(minutes=1)

    def test_starts_with_empty_metadata(self, in_unit):
        """The column metadata defaults to an empty object."""
        in_unit(add_note)

        stored = in_unit(lambda: db.session.scalar(sa.select(Note.__table__.c.metadata)))

        assert stored == {}


class TestLocked:
    def test_is_refused_in_a_read_only_unit(self, in_unit):
        """A read-only unit of work cannot lock rows, on SQLite either."""
        with pytest.raises(RuntimeError, match="may write"):
            in_unit(lambda: db.locked(sa.select(Note)), read_only=True)

    def test_does_not_block_foreign_keys(self, in_unit, database_url):
        """PostgreSQL locks FOR NO KEY UPDATE; SQLite already has its single write lock."""
        sql = in_unit(
            lambda: str(
                db.locked(sa.select(Note.id), skip_locked=True).compile(db.session.get_bind())
            )
        )

        expected = "" if database_url.startswith("sqlite") else " FOR NO KEY UPDATE SKIP LOCKED"
        assert sql.endswith(f"FROM notes_note{expected}")

    def test_locks_the_rows_of_some_tables(self, in_unit, database_url):
        """With ``of``, rows of the other tables of the SELECT are not locked."""
        other = aliased(Note)
        statement = sa.select(Note.id).outerjoin(other, other.id == Note.id)

        sql = in_unit(lambda: str(db.locked(statement, of=[Note]).compile(db.session.get_bind())))

        expected = "" if database_url.startswith("sqlite") else " FOR NO KEY UPDATE OF notes_note"
        assert sql.endswith(f"notes_note_1.id = notes_note.id{expected}")

    def test_skips_what_another_unit_has_locked(self, boot, empty_postgresql_url):
        """With skip_locked, rows locked by another transaction are omitted."""
        app = boot(empty_postgresql_url)
        with app.app_context():
            add_note()
            db.session.commit()
            db.session.scalars(db.locked(sa.select(Note))).all()
            with app.app_context():
                found = db.session.scalars(db.locked(sa.select(Note), skip_locked=True)).all()

        assert found == []


class TestInsert:
    def test_supports_on_conflict(self, in_unit):
        """The same statement inserts once on both databases."""

        def insert():
            statement = db.insert(Note).values(id=db.new_id(), title="one").on_conflict_do_nothing()
            return db.session.scalars(statement.returning(Note.title)).all()

        assert in_unit(insert) == ["one"]
        assert in_unit(insert) == []


class TestRefuse:
    def test_translates_a_unique_constraint(self, in_unit):
        """A violated unique constraint raises the problem given for it."""
        in_unit(lambda: add_note("taken"))

        def add():
            with db.refuse(_REFUSALS):
                db.session.add(Note(title="taken"))

        with pytest.raises(TitleTaken):
            in_unit(add)

    def test_translates_a_partial_unique_index(self, in_unit):
        """A partial unique index is distinguished from the other keys of its table."""
        in_unit(lambda: add_note("a", owner="alice", pinned=1))
        in_unit(lambda: add_note("b", owner="alice", pinned=0))

        def pin():
            with db.refuse(_REFUSALS):
                db.session.add(Note(title="c", owner="alice", pinned=1))

        with pytest.raises(SecondPin):
            in_unit(pin)

    def test_translates_a_primary_key(self, in_unit):
        """A composite primary key can be given by the constraint of its table."""
        key = IdempotencyKey.__table__.primary_key
        now = db.utc_now()

        def insert():
            with db.refuse({key: SecondPin}):
                db.session.execute(
                    sa.insert(IdempotencyKey).values(
                        scope="s", key="k", request_hash="h", created_at=now, expires_at=now
                    )
                )

        in_unit(insert)
        with pytest.raises(SecondPin):
            in_unit(insert)

    def test_translates_errors_of_a_flush_in_the_body(self, in_unit):
        """A violation is translated wherever the flush happens."""
        in_unit(lambda: add_note("taken"))

        def add():
            with db.refuse(_REFUSALS):
                add_note("taken")

        with pytest.raises(TitleTaken):
            in_unit(add)

    def test_propagates_other_errors(self, app):
        """A violation without a problem propagates unchanged."""
        with app.app_context():
            with pytest.raises(IntegrityError), db.refuse(_REFUSALS):
                db.session.add(Note(title="a", rank=-1))
            db.session.rollback()

    def test_leaves_the_session_usable(self, in_unit):
        """After a refusal nothing is left of it, and the next unit of work succeeds."""
        in_unit(lambda: add_note("taken"))

        def add():
            add_note("written before")
            with db.refuse(_REFUSALS):
                db.session.add(Note(title="taken"))

        with pytest.raises(TitleTaken):
            in_unit(add)

        in_unit(lambda: add_note("after"))
        titles = in_unit(lambda: set(db.session.scalars(sa.select(Note.title))))
        assert titles == {"taken", "after"}


class TestConstraintOf:
    def test_returns_a_check_on_both_databases(self, app):
        """The name of a violated CHECK is returned on both databases."""
        with app.app_context():
            with pytest.raises(IntegrityError) as refused:
                add_note(rank=-1)
            db.session.rollback()

        assert db.constraint_of(refused.value) == "ck_notes_note_rank_not_negative"


class TestUniqueKey:
    def test_refuses_columns_without_a_key(self):
        """Columns without a unique key are an error at import time."""
        with pytest.raises(LookupError, match=r"notes_note has no unique key over \('rank',\)"):
            db.unique_key(Note, "rank")


class TestMayWrite:
    def test_is_true_by_default(self):
        """Transactions may write by default; read-only and writable blocks can be nested."""
        before = transactions.may_write()
        with transactions.reading():
            inside = transactions.may_write()
            with transactions.reading(only=False):
                innermost = transactions.may_write()

        assert (before, inside, innermost) == (True, False, True)


class SecondPin(Conflict):
    code = "second_pin"


_REFUSALS = {
    db.unique_key(Note, "title"): TitleTaken,
    db.unique_key(Note, "owner"): SecondPin,
}
