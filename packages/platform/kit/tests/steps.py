"""Steps of a unit of work, for tests that need no request."""

import sqlalchemy as sa

from mercato_kit import db
from mercato_kit import work

from .demo import Note


def add_note(title=None, **values):
    """Write a note, with a title that no other one has unless it is given; return its id."""
    note = Note(title=title or str(db.new_id()), **values)
    db.session.add(note)
    db.session.flush()
    return note.id


def session_is_usable():
    """Whether the session of this thread works: write, commit, read."""
    work.run(lambda: add_note("after"))
    return "after" in work.run(lambda: set(db.session.scalars(sa.select(Note.title))))
