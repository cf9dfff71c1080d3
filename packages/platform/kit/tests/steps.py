"""Steps of units of work, for tests without requests."""

import sqlalchemy as sa

from mercato_kit import db, work

from .demo import Label, Note


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


def add_labelled(title, *, labels=(), shown_at=None, **values):
    """Add a note with labels, in a transaction of its own."""
    note = Note(id=db.new_id(), title=title, **values)
    db.session.add(note)
    db.session.flush()
    db.session.add_all(
        Label(note_id=note.id, position=place, word=word, is_public=True, shown_at=shown_at)
        for place, word in enumerate(labels)
    )
    db.session.commit()
    return note
