"""Steps of units of work, for tests without requests."""

import sqlalchemy as sa

from mercato_kit import db, work

from .demo import Note


def add_note(title=None, **values):
    """Insert a note, by default with a unique title; return its id."""
    note = Note(title=title or str(db.new_id()), **values)
    db.session.add(note)
    db.session.flush()
    return note.id


def session_is_usable():
    """Return whether the session of this thread can write, commit and read."""
    work.run(lambda: add_note("after"))
    return "after" in work.run(lambda: set(db.session.scalars(sa.select(Note.title))))
