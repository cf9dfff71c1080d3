import pytest
import sqlalchemy as sa

from mercato_kit import db
from mercato_kit.errors import Conflict
from mercato_kit.prepared import Prepared

from .demo import Note
from .steps import add_note

RAISE = Prepared(
    lambda _: (
        sa.update(Note)
        .where(Note.title == sa.bindparam("of"))
        .values(
            rank=Note.rank + sa.bindparam("more"),
            extra=sa.bindparam("extra", type_=db.Json),
            updated_at=Note.created_at,
        )
        .returning(Note.id, Note.created_at, Note.extra, (Note.rank > 1).label("is_high"))
    )
)


class TestPrepared:
    def test_converts_parameters_and_columns(self, in_unit):
        """Values go in and come out as with the ORM, by name of the column."""
        note_id = in_unit(lambda: add_note("a", rank=1))
        values = {"of": "a", "more": 4, "extra": {"key": [1, None]}}

        [row] = in_unit(lambda: RAISE.rows(db.session.connection(), values))

        note = in_unit(lambda: db.session.get(Note, note_id))
        assert row == {
            "id": note_id,
            "created_at": note.created_at,
            "extra": {"key": [1, None]},
            "is_high": True,
        }
        assert note.rank == 5

    def test_refuses_a_column_whose_default_would_apply(self, in_unit):
        """A default of Python is not written as NULL: the statement needs a value."""
        statement = Prepared(lambda _: sa.update(Note).values(rank=1))

        with pytest.raises(TypeError, match=r"notes_note\.updated_at"):
            in_unit(lambda: statement.rows(db.session.connection(), {}))

    def test_is_compiled_once(self, in_unit):
        """The statement is built for the first execution, and kept."""
        built = []

        def build(_):
            built.append(1)
            return sa.select(sa.bindparam("one", type_=sa.Integer).label("one"))

        statement = Prepared(build)
        seen = [
            in_unit(lambda one=one: statement.rows(db.session.connection(), {"one": one}))
            for one in (1, 2)
        ]

        assert (seen, len(built)) == ([[{"one": 1}], [{"one": 2}]], 1)

    def test_errors_are_those_of_sqlalchemy(self, in_unit):
        """A constraint that refuses the statement is a conflict, and the session is usable."""
        in_unit(lambda: add_note("a"))
        values = {"of": "a", "more": -9, "extra": None}

        with pytest.raises(Conflict):
            in_unit(lambda: RAISE.rows(db.session.connection(), values))

        assert in_unit(lambda: db.session.scalar(sa.select(Note.rank))) == 0
