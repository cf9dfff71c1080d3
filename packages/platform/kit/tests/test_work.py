import pytest
import sqlalchemy as sa

from mercato_kit import db, transactions, work
from mercato_kit.errors import Conflict, NotFound, Problem

from .demo import Note
from .steps import add_note, session_is_usable


class Counted(Problem):
    """A problem that keeps its work."""

    status = 401
    code = "counted"
    keeps_work = True


class TestRunEach:
    def test_a_failure_does_not_block_the_others(self, app, in_unit, caplog):
        """Each item has its own transaction; one that fails is rolled back and logged."""

        def step(title):
            add_note(title)
            if title == "bad":
                raise ValueError("bug")
            return title != "idle"

        with app.app_context():
            done = work.run_each(lambda: ["a", "bad", "idle", "b"], step, failure="%s failed")

        assert done == 2
        assert _titles(in_unit) == {"a", "idle", "b"}
        assert [record.getMessage() for record in caplog.records] == ["bad failed"]

    def test_a_step_may_run_its_own_units_of_work(self, app, in_unit, caplog):
        """A step that is marked begins in no transaction; what it committed stays if it fails."""
        writing = []

        @work.in_steps
        def step(title):
            writing.append(work.is_writing())
            work.run(lambda: add_note(title))
            raise ValueError("bug")

        with app.app_context():
            done = work.run_each(lambda: ["a", "b"], step, failure="%s failed")

        assert (done, writing) == (0, [False, False])
        assert _titles(in_unit) == {"a", "b"}
        assert len(caplog.records) == 2


class TestRun:
    def test_returning_commits(self, in_unit):
        """A step that returns is committed."""
        in_unit(lambda: add_note("kept"))

        assert _titles(in_unit) == {"kept"}

    def test_returns_what_the_step_returns(self, in_unit):
        """The result of the step is returned."""
        assert in_unit(lambda: 7) == 7

    @pytest.mark.parametrize("error", [NotFound(), ValueError("bug"), KeyboardInterrupt()])
    def test_raising_rolls_back(self, in_unit, error):
        """Any exception rolls the step back and propagates."""

        def step():
            add_note("gone")
            raise error

        with pytest.raises(type(error)):
            in_unit(step)

        assert _titles(in_unit) == set()

    def test_a_refusal_may_keep_its_work(self, in_unit):
        """A problem with keeps_work commits the work and propagates."""

        def step():
            db.session.add(Note(title="kept"))
            raise Counted

        with pytest.raises(Counted):
            in_unit(step)

        assert _titles(in_unit) == {"kept"}

    def test_a_refusal_whose_work_cannot_be_kept(self, app):
        """If this commit fails, its error is reported and nothing is left."""

        def step():
            db.session.add(Note(title="refused", rank=-1))
            raise Counted

        with app.app_context():
            with pytest.raises(Conflict):
                work.run(step)

            assert session_is_usable()
            assert work.run(lambda: set(db.session.scalars(sa.select(Note.title)))) == {"after"}

    def test_a_step_inside_another_joins_it(self, app):
        """An inner unit of work does not commit; the outer one does."""

        def outer():
            add_note("outer")
            work.run(lambda: add_note("inner"))
            raise NotFound

        with app.app_context():
            with pytest.raises(NotFound):
                work.run(outer)

            assert db.session.scalars(sa.select(Note.title)).all() == []

    def test_a_unit_may_follow_one_that_failed(self, app):
        """After a failure, the next unit of work of the thread is independent."""
        with app.app_context():
            with pytest.raises(NotFound):
                work.run(_raise(NotFound()))
            work.run(lambda: add_note("next"))
            db.session.rollback()

            assert db.session.scalars(sa.select(Note.title)).all() == ["next"]

    def test_read_only_units_do_not_lock(self, in_unit):
        """A read-only unit of work reports that it may not write."""
        assert in_unit(transactions.may_write, read_only=True) is False
        assert in_unit(transactions.may_write) is True


class TestReadFirst:
    def test_ends_before_the_work_begins(self, in_unit):
        """The reading has a transaction of its own, which is over when it returns."""
        in_unit(lambda: add_note("known"))

        def step():
            title = work.read_first(lambda: db.session.scalar(sa.select(Note.title)))
            is_over = not db.session().in_transaction()
            add_note("new")
            return title, is_over

        assert in_unit(step) == ("known", True)
        assert _titles(in_unit) == {"known", "new"}

    def test_may_not_write(self, in_unit):
        """Rows cannot be locked by the reading."""
        with pytest.raises(RuntimeError, match="may write"):
            in_unit(lambda: work.read_first(lambda: db.locked(sa.select(Note))))

    def test_sees_what_the_work_has_written(self, in_unit):
        """Where the transaction has begun, the reading is a part of it."""

        def step():
            add_note("new")
            return work.read_first(lambda: db.session.scalar(sa.select(Note.title)))

        assert in_unit(step) == "new"
        assert _titles(in_unit) == {"new"}


class TestAfterCommit:
    def test_is_called_when_the_outer_unit_has_committed(self, app):
        """A function that an inner unit names is called once, after the commit of the outer one."""
        called = []

        def inner():
            add_note("seen")
            work.after_commit(lambda: called.append(_committed(app)))

        def outer():
            work.run(inner)
            called.append("before")

        with app.app_context():
            work.run(outer)

        assert called == ["before", {"seen"}]

    @pytest.mark.parametrize(("refusal", "calls"), [(NotFound(), 0), (Counted(), 1)])
    def test_follows_what_happens_to_the_work(self, in_unit, refusal, calls):
        """Work that is rolled back calls nothing; a refusal that keeps its work does."""
        called = []

        def step():
            work.after_commit(lambda: called.append(1))
            raise refusal

        with pytest.raises(Problem):
            in_unit(step)
        in_unit(lambda: None)

        assert len(called) == calls

    def test_is_called_at_once_outside_of_a_unit(self):
        """There is nothing to wait for."""
        called = []

        work.after_commit(lambda: called.append(1))

        assert called == [1]


def _committed(app):
    """Return the titles that another connection sees."""
    with app.extensions["sqlalchemy"].engine.connect() as connection:
        return set(connection.scalars(sa.select(Note.title)))


def _raise(error):
    def step():
        raise error

    return step


def _titles(in_unit):
    return in_unit(lambda: set(db.session.scalars(sa.select(Note.title))))
