import pytest
import sqlalchemy as sa

from mercato_kit import db
from mercato_kit.lists import Rows, any_of
from mercato_kit.prepared import Prepared
from mercato_testing.statements import StatementCounter

from .demo import Note


@pytest.fixture
def notes(in_unit):
    """Three notes: a, b and c with ranks 1, 2 and 3; their ids by title."""

    def add():
        made = [Note(title=title, rank=rank) for rank, title in enumerate("abc", start=1)]
        db.session.add_all(made)
        db.session.flush()
        return {note.title: note.id for note in made}

    return in_unit(add)


class TestAnyOf:
    @pytest.mark.parametrize("wanted", ["", "a", "ac", "axxxc"])
    def test_finds_the_values(self, in_unit, notes, wanted):
        """Rows with one of the values are found, by text and by UUID; no value finds none."""
        ids = {notes.get(title, db.new_id()) for title in wanted}
        by_id = sa.select(Note.title).where(any_of(Note.id, ids))
        by_title = sa.select(Note.title).where(any_of(Note.title, list(wanted)))

        found = [
            in_unit(lambda one=one: db.session.scalars(one).all()) for one in (by_id, by_title)
        ]

        assert [sorted(titles) for titles in found] == [sorted({*wanted} - {"x"})] * 2

    def test_has_one_text_for_any_number_of_values(self, app, in_unit):
        """The text of the statement does not depend on the number of values."""

        def send(number):
            return db.session.scalars(sa.select(Note.id).where(any_of(Note.rank, range(number))))

        with app.app_context(), StatementCounter(db.engine()) as sent:
            for number in (1, 3):
                in_unit(lambda number=number: send(number).all())

        assert (len(sent), len(set(sent))) == (2, 1), sent

    def test_compares_whole_texts(self, in_unit):
        """A value that is longer than the column equals no shorter one."""
        short = sa.literal("ab", sa.String(2))

        assert in_unit(lambda: db.session.scalar(sa.select(any_of(short, ["abc"])))) in (False, 0)


class TestRows:
    def test_is_a_table_of_the_values(self, in_unit, notes):
        """A statement joins the rows like a table, with their types."""
        rows = Rows("wanted", {"id": sa.Uuid(), "units": sa.Integer()})
        joined = Prepared(lambda dialect: _select_joined(rows.table(dialect)))
        values = [{"id": notes["c"], "units": 7}, {"id": notes["a"], "units": None}]

        def send():
            connection = db.session.connection()
            return joined.rows(connection, {"wanted": rows.dump(values, connection.dialect)})

        assert in_unit(send) == [{"title": "a", "units": None}, {"title": "c", "units": 7}]

    def test_refuses_binary_columns(self):
        """JSON has no binary values."""
        with pytest.raises(TypeError, match="binary"):
            Rows("rows", {"picture": sa.LargeBinary()})


def _select_joined(wanted):
    statement = sa.select(Note.title, wanted.c.units).join(wanted, wanted.c.id == Note.id)
    return statement.order_by(Note.title)
