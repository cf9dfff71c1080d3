"""A small feature with one of each part, for tests of the platform."""

import os
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db, work
from mercato_kit.db import session
from mercato_kit.errors import NotFound, Problem
from mercato_kit.events import Event, Handler
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint, ListQuerySchema, Page, page_of, paginate
from mercato_kit.jobs import Job
from mercato_kit.outbox import publish
from mercato_kit.policies import anyone, permission
from mercato_kit.privacy import PersonalData, columns
from mercato_kit.schemas import Integer, ModelSchema, Schema, Text


class Base(DeclarativeBase):
    """The tables of notes."""

    metadata = db.metadata("notes")
    type_annotation_map = db.TYPES


class Note(db.Aggregate, Base):
    """A short text with stars."""

    __tablename__ = "notes_note"
    __table_args__ = (
        sa.CheckConstraint("stars BETWEEN 0 AND 5", name="stars_in_range"),
        sa.UniqueConstraint("text"),
    )

    text: Mapped[str] = mapped_column(sa.String(200))
    stars: Mapped[int] = mapped_column(default=0)


class Effect(db.Identified, Base):
    """The record of one handler's run."""

    __tablename__ = "notes_effect"

    handler: Mapped[str] = mapped_column(sa.String(40))
    event_id: Mapped[UUID]
    process: Mapped[int]


class NewNoteSchema(Schema):
    """A note to add."""

    text = Text(min=1, max=200, required=True)
    stars = Integer(min=0, max=5, load_default=0)


class NoteSchema(ModelSchema):
    """A note."""

    class Meta(ModelSchema.Meta):
        """The model and the published fields."""

        model = Note
        fields = ("id", "text", "stars", "version", "created_at")


class NoteQuerySchema(ListQuerySchema):
    """How notes are listed."""

    sorts = ("created_at", "text")


class BrokenNoteError(Problem):
    """A problem that keeps its work, for tests."""

    code = "broken_note"
    keeps_work = True


blueprint = Blueprint(
    "notes",
    __name__,
    url_prefix="/v1",
    glossary={"note_id": "Id of the note", "stars": "0 or more", "text": "Text of the note"},
)


def add(text: str, stars: int = 0) -> Note:
    """Add a note, and publish ``note.added``."""
    note = Note(text=text, stars=stars)
    with db.refuse({db.unique_key(Note, "text"): BrokenNoteError}):
        session.add(note)
    publish(
        Event(
            topic="note.added",
            aggregate_type="note",
            aggregate_id=note.id,
            aggregate_version=note.version,
            payload={"text": text},
        )
    )
    return note


@blueprint.post("/notes", allow=permission("notes.write"), idempotent=True)
@blueprint.arguments(NewNoteSchema)
@blueprint.response(201, NoteSchema)
def add_note(body: dict[str, Any]) -> Note:
    """Add a note"""
    return add(**body)


@blueprint.get("/notes", allow=anyone)
@blueprint.arguments(NoteQuerySchema, location="query")
@blueprint.response(200, page_of(NoteSchema))
def list_notes(query: dict[str, Any]) -> Page[Note]:
    """List notes"""
    columns = {"created_at": Note.created_at, "text": Note.text}
    return paginate(sa.select(Note), query["page"], columns=columns, id=Note.id)


@blueprint.get("/notes/<uuid:note_id>", allow=anyone)
@blueprint.response(200, NoteSchema)
def read_note(note_id: UUID) -> Note:
    """Read a note"""
    note = session.get(Note, note_id)
    if note is None:
        raise NotFound
    return note


def write_down(event: Event) -> None:
    """Record an effect in the delivery's transaction; fail if the note says so."""
    _leave_effect("write_down", event)
    session.flush()
    if event.payload["text"].startswith("fail in SQL"):
        session.execute(sa.text("SELECT :text FROM nowhere"), {"text": event.payload["text"]})
    if event.payload["text"].startswith("fail"):
        raise ValueError("this note cannot be written down\nsecond line")
    if event.payload["text"].startswith("refuse"):
        raise BrokenNoteError


def tell(event: Event) -> None:
    """Record an effect in a separate transaction, as a remote handler does."""
    if event.payload["text"].startswith("unreachable"):
        raise ConnectionError("no answer")
    if event.payload["text"].startswith("hang"):
        threading.Event().wait()
    work.run(lambda: _leave_effect("tell", event))


def forget_old_notes() -> int:
    """Delete old notes, two at a time."""
    old = session.scalars(sa.select(Note).where(Note.text.startswith("old")).limit(2)).all()
    for note in old:
        session.delete(note)
    return len(old)


def _leave_effect(handler: str, event: Event) -> None:
    session.add(Effect(handler=handler, event_id=event.id, process=os.getpid()))


@click.group()
def commands() -> None:
    """Keep notes."""


@commands.command("add")
@click.argument("text")
def add_command(text: str) -> None:
    """Add the note TEXT."""
    click.echo(f"added {add(text).text}")
    if text == "regret":
        raise BrokenNoteError("on second thoughts")
    if text == "crash":
        raise RuntimeError("in the middle")


def make_sample_data(samples: dict[str, list[Any]]) -> list[str]:
    """Add one note, once."""
    if session.scalar(sa.select(Note.id).limit(1)) is not None:
        return []
    samples["note_ids"] = [add("sample").id]
    return ["one note"]


PUBLISHES = ["note.added"]
HANDLES = [Handler("note.added", write_down), Handler("note.added", tell, remote=True)]
JOBS = [Job("forget_old_notes", forget_old_notes, every_seconds=60)]
PERMISSIONS = {"notes.write": "Add notes"}

PERSONAL_DATA = PersonalData(columns(none=[Note.text, Note.metadata_, Effect.handler]))

feature = Feature(
    name="notes",
    summary="Short texts.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations/versions",
    personal_data=PERSONAL_DATA,
    publishes=PUBLISHES,
    handles=HANDLES,
    jobs=JOBS,
    permissions=PERMISSIONS,
    cli=commands,
    sample_data=make_sample_data,
)
