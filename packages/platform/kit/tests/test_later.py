from contextlib import suppress
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db, work
from mercato_kit.errors import Conflict, NotFound
from mercato_kit.events import Event
from mercato_kit.http import Blueprint
from mercato_kit.later import later, with_defaults
from mercato_kit.models import OutboxEvent
from mercato_kit.outbox import publish
from mercato_kit.policies import anyone
from mercato_kit.reads import Read
from mercato_testing.statements import StatementCounter

from .demo import KEY, Note
from .steps import add_note, session_is_usable
from .test_http_idempotency_races import lose_connection_at_first_commit
from .test_work import Counted

TITLES = sa.select(Note.title)


@pytest.fixture
def sent(app):
    """The statements of the app's engine."""
    with app.app_context():
        counter = StatementCounter(db.engine())
    with counter:
        yield counter


@pytest.fixture
def titles(in_unit):
    """A function that returns the titles of all notes."""
    return lambda: in_unit(lambda: sorted(db.session.scalars(sa.select(Note.title))))


def event_of(aggregate_id=None):
    """Return an event without handlers."""
    return Event(
        topic="note.added",
        aggregate_type="note",
        aggregate_id=aggregate_id or db.new_id(),
        aggregate_version=1,
        payload={"quote": 'a "b" \\ é \u2028', "n": [1, None]},
    )


class TestLater:
    @pytest.mark.parametrize("number", [1, 30])
    def test_writes_all_tables_at_the_end(self, in_unit, app, sent, titles, number):
        """No statement is sent before the end; then PostgreSQL gets one, SQLite one a table."""
        seen = []

        def step():
            later(Note, [{"title": f"{one:02}"} for one in range(number)])
            publish(event_of())
            seen.append(len(sent))

        in_unit(step)

        tables = 1 if _is_postgresql(app) else 2
        assert (seen, len(sent)) == ([0], tables), sent
        assert titles() == [f"{one:02}" for one in range(number)]

    def test_sends_nothing_for_no_rows(self, in_unit, sent):
        """A unit of work without such rows has no statement more."""
        in_unit(lambda: later(Note, []))
        in_unit(lambda: None)

        assert list(sent) == []

    def test_has_one_text_for_any_number_of_rows(self, in_unit, sent):
        """The text of the statement does not depend on the number of rows."""
        in_unit(lambda: later(Note, [{"title": "a"}]))
        in_unit(lambda: later(Note, [{"title": title} for title in "bcd"]))

        assert len(sent) == 2
        assert len(set(sent)) == 1, sent

    def test_keeps_values_and_applies_defaults(self, in_unit, app):
        """Values are read back as they were given; defaults are those of the model."""
        at = datetime(2026, 11, 26, 23, 59, 59, 123000, tzinfo=UTC)
        extra = {"text": 'ä "q" \\ % :name \u2028 😀', "list": [1, 2.5, None, True], "empty": {}}
        note_id = db.new_id()
        row = {"id": note_id, "title": "%(a)s :b ?", "created_at": at, "extra": extra}

        in_unit(lambda: later(Note, [row, {"title": "bare"}]))

        full, bare = in_unit(lambda: db.session.scalars(sa.select(Note).order_by(Note.title)).all())
        assert (full.id, full.title, full.created_at, full.extra) == (
            note_id,
            row["title"],
            at,
            extra,
        )
        assert (bare.version, bare.rank, bare.owner, bare.extra) == (1, 0, None, None)
        assert (bare.metadata_, bare.id.version) == ({}, 7)

    def test_is_seen_by_a_statement_that_names_the_table(self, in_unit, sent):
        """A read of the table in the same unit of work finds the rows, by entity and by text."""

        def step(read):
            later(Note, [{"title": read.text if isinstance(read, sa.TextClause) else "entity"}])
            return db.session.execute(read).all()

        reads = [sa.select(Note.title), sa.text("SELECT title FROM notes_note")]
        found = [in_unit(lambda read=read: len(step(read))) for read in reads]

        assert found == [1, 2]

    def test_is_seen_by_a_read(self, in_unit):
        """A read through the driver's cursor finds the rows as well."""

        def step():
            later(Note, [{"title": "a"}])
            return Read(sa.select(Note.title)).rows()

        assert in_unit(step) == [("a",)]

    def test_is_found_by_primary_key(self, in_unit):
        """An entity is found by its key in the unit of work that hands the row over."""
        note_id = db.new_id()

        def step():
            later(Note, [{"id": note_id, "title": "a"}])
            return db.session.get(Note, note_id).title

        assert in_unit(step) == "a"

    def test_is_dropped_by_a_rollback(self, in_unit, titles):
        """Rows of a unit of work that failed are never written, also not by the next."""

        def fail():
            later(Note, [{"title": "gone"}])
            raise NotFound

        with pytest.raises(NotFound):
            in_unit(fail)
        in_unit(lambda: add_note("next"))

        assert titles() == ["next"]

    def test_is_kept_by_a_refusal_that_keeps_its_work(self, in_unit, titles):
        """A problem with keeps_work commits the rows too."""

        def refuse():
            later(Note, [{"title": "kept"}])
            raise Counted

        with pytest.raises(Counted):
            in_unit(refuse)

        assert titles() == ["kept"]

    def test_belongs_to_the_outer_unit(self, in_unit, sent, titles):
        """A unit of work inside another leaves the rows to the outer one."""
        seen = []

        def step():
            work.run(lambda: later(Note, [{"title": "inner"}]))
            seen.append(len(sent))

        in_unit(step)

        assert (seen, titles()) == ([0], ["inner"])

    @pytest.mark.parametrize(
        "read", [lambda: Read(TITLES).rows(), lambda: db.session.execute(TITLES)]
    )
    def test_is_not_lost_by_reading_first(self, in_unit, titles, read):
        """Rows that are pending when a step reads first are seen by it, and written."""
        seen = []

        def step():
            later(Note, [{"title": "a"}])
            work.read_first(lambda: seen.extend(title for (title,) in read()))

        in_unit(step)

        assert (seen, titles()) == (["a"], ["a"])

    def test_before_a_savepoint_outlives_its_rollback(self, in_unit, titles):
        """Rows from before a savepoint are not lost with what follows it."""

        def step():
            later(Note, [{"title": "before"}])
            with suppress(LookupError), db.session.begin_nested():
                db.session.scalars(sa.select(Note.title)).all()
                raise LookupError

        in_unit(step)

        assert titles() == ["before"]

    def test_after_a_savepoint_is_dropped_by_its_rollback(self, in_unit, titles):
        """An event exists only if the change does, also where a savepoint undoes the change."""

        def step():
            with db.session.begin_nested():
                later(Note, [{"title": "kept"}])
            with suppress(LookupError), db.session.begin_nested():
                later(Note, [{"title": "dropped"}])
                raise LookupError

        in_unit(step)

        assert titles() == ["kept"]

    def test_is_written_once_by_a_repeated_step(self, in_unit, titles):
        """A step that runs again after a lost race hands its rows over again, once."""
        attempts = []

        def step():
            later(Note, [{"title": "once"}])
            attempts.append(1)
            if len(attempts) < 3:
                raise sa.exc.OperationalError("", {}, _LostRace())

        in_unit(step)

        assert (len(attempts), titles()) == (3, ["once"])

    def test_a_violated_constraint_is_a_conflict(self, app):
        """A constraint that refuses a row rolls all back, and answers 409."""

        def step():
            add_note("before")
            later(Note, [{"title": "twice"}, {"title": "twice"}])

        with app.app_context():
            with pytest.raises(Conflict):
                work.run(step)

            assert session_is_usable()
            assert work.run(lambda: set(db.session.scalars(sa.select(Note.title)))) == {"after"}

    def test_needs_a_unit_of_work(self, app):
        """Outside of a unit of work nothing would write the rows."""
        with app.app_context(), pytest.raises(RuntimeError, match="unit of work"):
            later(Note, [{"title": "lost"}])


class TestWithDefaults:
    def test_refuses_unknown_attributes(self):
        """A misspelt attribute is an error, not a row without it."""
        with pytest.raises(TypeError, match="Note has no column titel"):
            with_defaults(Note, {"titel": "a"})

    def test_refuses_a_naive_time(self, in_unit):
        """A time without an offset is refused, as by the column."""
        naive = {"title": "a", "created_at": datetime(2026, 1, 1)}  # noqa: DTZ001

        with pytest.raises((ValueError, sa.exc.StatementError), match="naive"):
            in_unit(lambda: later(Note, [naive]))

    def test_leaves_a_default_of_the_database_to_it(self):
        """A column whose default only the database knows has no value."""

        class Base(DeclarativeBase):
            pass

        class Counter(Base):
            __tablename__ = "counter"

            name: Mapped[str] = mapped_column(primary_key=True)
            value: Mapped[int] = mapped_column(server_default="7")

        assert with_defaults(Counter, {"name": "a"}) == {"name": "a"}


slips_blueprint = Blueprint("slips", __name__, url_prefix="/v1")


@slips_blueprint.post("/slips", allow=anyone, idempotent=True)
@slips_blueprint.response(201)
def add_slip():
    """Add a note at the end of the unit of work"""
    later(Note, [{"title": "slip"}])
    publish(event_of())
    return {"title": "slip"}


class TestIdempotentRoute:
    def test_stores_its_answer_with_the_rows(self, boot, database_url):
        """The stored answer is the last part of the statement that writes the rows."""
        app = boot(database_url, blueprints=(slips_blueprint,))
        with app.app_context(), StatementCounter(db.engine()) as sent:
            answers = [_send(app) for _ in range(2)]

        # The key, and on PostgreSQL one statement for two tables and the answer; then the replay
        # is the key and its answer.
        assert len(sent) - 2 == (2 if _is_postgresql(app) else 4), sent
        assert answers[0].data == answers[1].data
        assert answers[1].headers["Idempotency-Replayed"] == "true"

    @pytest.mark.parametrize("committed", [True, False])
    def test_has_one_effect_if_the_connection_is_lost_at_commit(
        self, boot, empty_postgresql_url, committed
    ):
        """After a connection lost at COMMIT there is one row, committed or repeated."""
        app = boot(empty_postgresql_url, blueprints=(slips_blueprint,))
        losses = lose_connection_at_first_commit(app, committed=committed)

        answer = _send(app)

        with app.app_context():
            events = db.session.scalars(sa.select(OutboxEvent.topic)).all()
        assert (answer.status_code, events, len(losses)) == (201, ["note.added"], 1)
        assert ("Idempotency-Replayed" in answer.headers) is committed


class _LostRace(Exception):
    sqlstate = "40001"


def _send(app):
    return app.test_client().post("/v1/slips", headers={"Idempotency-Key": KEY})


def _is_postgresql(app):
    with app.app_context():
        return db.engine().dialect.name == "postgresql"
