from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa

from mercato_kit import db, work
from mercato_kit.driver import watchers_of
from mercato_kit.reads import Read, reader

from .demo import Label, Note
from .steps import add_labelled
from .test_views import LABELLED


class TestReader:
    def test_bounds_each_statement(self, boot, empty_postgresql_url):
        """A read outside of a transaction has the limits of a request."""
        settings = ("statement_timeout", "lock_timeout", "TimeZone")
        limits = Read(sa.select(*(sa.func.current_setting(name) for name in settings)))

        with boot(empty_postgresql_url).app_context():
            assert limits.rows() == [("8s", "3s", "UTC")]

    def test_begins_a_transaction_behind_a_pooler(self, boot, empty_postgresql_url):
        """Where the connection's process is not the server's, each read brings its limits."""
        within = Read(sa.select(sa.func.current_setting("transaction_read_only")))

        with boot(empty_postgresql_url).app_context():
            alone = within.rows()
            pooled = reader().engine.raw_connection()
            pooled.info["mercato_begin_of_reads"] = "BEGIN READ ONLY"
            pooled.close()

            assert (alone, within.rows(), within.rows()) == ([("off",)], [("on",)], [("on",)])

    def test_repeats_a_read_on_a_new_connection(self, boot, empty_postgresql_url):
        """Connections that ended while they were idle cost no answer."""
        with boot(empty_postgresql_url).app_context():
            reader().engine.raw_connection().close()
            with psycopg.connect(empty_postgresql_url) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

            assert LABELLED.find(id=db.new_id()) is None

    def test_outlives_the_plans_of_the_server(self, boot, empty_postgresql_url):
        """A read that the server has prepared still works when a column has another type."""
        read = Read(sa.select(sa.literal_column("a")).select_from(sa.text("lone")))
        with (
            boot(empty_postgresql_url).app_context(),
            psycopg.connect(empty_postgresql_url, autocommit=True) as other,
        ):
            other.execute("CREATE TABLE lone AS SELECT 1 AS a")
            before = [read.rows() for _ in range(10)]
            prepared = Read(sa.select(sa.text("count(*) FROM pg_prepared_statements"))).rows()

            other.execute("ALTER TABLE lone ALTER a TYPE text")
            after = read.rows()
            other.execute("DROP TABLE lone")

        assert (before, prepared, after) == ([[(1,)]] * 10, [(1,)], [("1",)])

    def test_reports_errors_as_the_session_does(self, app):
        """An error of the database is one of SQLAlchemy, so that a unit of work handles it."""
        broken = Read(sa.select(sa.literal_column("lost")))

        with app.app_context():
            with pytest.raises(sa.exc.DBAPIError) as alone:
                broken.rows()
            with pytest.raises(sa.exc.DBAPIError) as inside:
                work.run(broken.rows)

        assert type(alone.value) is type(inside.value)
        assert not alone.value.connection_invalidated

    def test_tells_its_watchers(self, app):
        """Watchers get the text of each statement."""
        with app.app_context():
            sent = []
            watchers_of(db.engine()).append(sent.append)

            LABELLED.find(id=db.new_id())

        assert len(sent) == 1
        assert sent[0].startswith("SELECT")


class TestRead:
    def test_gives_values_as_the_orm_does(self, app):
        """Rows have UUIDs, times, booleans and JSON as Python has them."""
        with app.app_context():
            note = add_labelled("a", labels=["x"], shown_at=datetime(2026, 1, 1, tzinfo=UTC))
            columns = (Label.note_id, Label.shown_at, Label.is_public, Note.metadata_)
            joined = sa.select(*columns).join(Note).where(Label.note_id == sa.bindparam("id"))
            ids = Note.id.in_([note.id, db.new_id()])

            rows = Read(joined.where(ids)).rows(id=note.id)

            assert rows == [(note.id, datetime(2026, 1, 1, tzinfo=UTC), True, {})]

    def test_reads_a_union(self, app):
        """Several SELECTs are one statement, with values as the ORM gives them."""
        with app.app_context():
            note = add_labelled("a", labels=["x"])
            of_notes = sa.select(Note.id).where(Note.title == sa.bindparam("title"))
            of_labels = sa.select(Label.note_id).where(Label.word == sa.bindparam("word"))

            both = Read(sa.union_all(of_notes, of_labels))

            assert both.rows(title="a", word="x") == [(note.id,), (note.id,)]
            assert both.rows(title="a", word="y") == [(note.id,)]
