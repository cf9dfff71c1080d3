"""A small feature, users and a plain Flask app for the kit's tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy
from marshmallow import fields
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from mercato_kit import db, models, transactions
from mercato_kit.composition import Answer, Composition, RemoteTerms, compose
from mercato_kit.errors import NotFound, Problem, StaleVersion, Unauthenticated
from mercato_kit.feature import Feature, Offer
from mercato_kit.http import Blueprint, ListQuerySchema, Page, if_match, page_of, paginate
from mercato_kit.identity import IdentityProvider
from mercato_kit.policies import anyone, permission, signed_in
from mercato_kit.principals import Principal
from mercato_kit.schemas import (
    Email,
    Instant,
    Integer,
    List,
    Listed,
    Metadata,
    ModelSchema,
    Schema,
    Text,
)

ALICE = Principal(sub=db.new_id(), kind="user", email="alice@example.com")
BOB = Principal(sub=db.new_id(), kind="user", email="bob@example.com")
CHARLIE = Principal(
    sub=db.new_id(),
    kind="user",
    email="charlie@example.com",
    permissions=frozenset({"notes.write"}),
)
PROGRAM = replace(ALICE, kind="service", key_id=db.new_id())
"""A program with an API key of alice."""

PEOPLE = {"alice": ALICE, "bob": BOB, "charlie": CHARLIE, "program": PROGRAM}

KEY = "0123456789abcdef"
"""What a client puts into Idempotency-Key."""


class Base(DeclarativeBase):
    metadata = db.metadata("notes")
    type_annotation_map = db.TYPES


class Note(db.Aggregate, Base):
    __tablename__ = "notes_note"
    __table_args__ = (
        sa.UniqueConstraint("title"),
        sa.Index(
            "ix_notes_note_one_pinned",
            "owner",
            unique=True,
            postgresql_where=sa.text("pinned = 1"),
            sqlite_where=sa.text("pinned = 1"),
        ),
        sa.CheckConstraint("rank >= 0", name="rank_not_negative"),
    )

    title: Mapped[str] = mapped_column(db.sortable(500))
    rank: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None]
    pinned: Mapped[int] = mapped_column(default=0)
    extra: Mapped[dict[str, Any] | None]

    labels: Mapped[list["Label"]] = relationship(
        order_by="Label.position", lazy="raise_on_sql", viewonly=True
    )


class Label(db.Identified, Base):
    __tablename__ = "notes_label"

    note_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Note.id))
    position: Mapped[int]
    word: Mapped[str | None]
    is_public: Mapped[bool | None]
    shown_at: Mapped[datetime | None]
    extra: Mapped[dict[str, Any] | None]

    note: Mapped[Note] = relationship(lazy="raise_on_sql", viewonly=True)


class Doorkeeper:
    """Authenticates tokens that are a first name."""

    def authenticate(self, token: str) -> Principal:
        """Return the principal named by *token*."""
        if token not in PEOPLE:
            raise Unauthenticated(invalid_token=True)
        return PEOPLE[token]


class PartSchema(Schema):
    name = Text(required=True, min=1, max=10)
    weight = Integer(min=1, max=9)


@dataclass(frozen=True)
class NewNote:
    title: str
    rank: int = 0
    email: str | None = None
    parts: tuple[Any, ...] = ()
    labels: tuple[str, ...] = ()
    metadata: Any = None


class NewNoteSchema(Schema):
    makes = NewNote

    title = Text(required=True, min=1, max=50)
    rank = Integer(min=0, max=100)
    email = Email()
    parts = List(fields.Nested(PartSchema), max=3)
    labels = List(Text(max=5), max=3)
    metadata = Metadata()


class RankSchema(Schema):
    rank = Integer(required=True)


class NoteSchema(ModelSchema):
    class Meta(ModelSchema.Meta):
        model = Note
        fields = ("id", "title", "rank", "version", "created_at")


class NoteQuerySchema(ListQuerySchema):
    sorts = ("created_at", "title", "rank")

    rank = Integer()
    ranks = Listed(Integer(min=0), max=3)
    any_rank = List(Integer(), max=3)
    since = Instant(data_key="created_at[gte]")


blueprint = Blueprint("notes", __name__, url_prefix="/v1")

_SORTS = {"created_at": Note.created_at, "title": Note.title, "rank": Note.rank}


@blueprint.post(
    "/notes",
    allow=anyone,
    idempotent=True,
    guest_scope="email",
    unstored={"secret": lambda body: f"secret of {body['title']}"},
)
@blueprint.arguments(NewNoteSchema)
@blueprint.response(201, NoteSchema)
def add_note(body: NewNote) -> Any:
    """Add a note"""
    note = Note(title=body.title, rank=body.rank)
    with db.refuse({db.unique_key(Note, "title"): TitleTaken}):
        db.session.add(note)
    return note, 201, {"Location": f"/v1/notes/{note.id}"}


@blueprint.get("/notes", allow=anyone)
@blueprint.arguments(NoteQuerySchema, location="query")
@blueprint.response(200, page_of(NoteSchema))
def list_notes(query: dict[str, Any]) -> Page[Any]:
    """List notes"""
    statement = sa.select(Note)
    if "rank" in query:
        statement = statement.where(Note.rank == query["rank"])
    if "ranks" in query:
        statement = statement.where(Note.rank.in_(query["ranks"]))
    if "any_rank" in query:
        statement = statement.where(Note.rank.in_(query["any_rank"]))
    return paginate(statement, query["page"], columns=_SORTS, id=Note.id)


@blueprint.get("/notes/<uuid:note_id>", allow=anyone)
@blueprint.response(200, NoteSchema)
def read_note(note_id: UUID) -> Note:
    """Get a note"""
    return find_note(Note.id == note_id)


@blueprint.get("/notes/by-title/<title>", allow=anyone, public_cache=True)
@blueprint.response(200, NoteSchema)
def read_note_by_title(title: str) -> Note:
    """Get the note with a title"""
    return find_note(Note.title == title)


@blueprint.get("/notes/by-rank/<int(signed=True):rank>", allow=anyone)
@blueprint.response(200, NoteSchema)
def read_note_by_rank(rank: int) -> Note:
    """Get the note with a rank"""
    return find_note(Note.rank == rank)


@blueprint.patch("/notes/<uuid:note_id>", allow=anyone, if_match=True)
@blueprint.arguments(RankSchema)
@blueprint.response(200, NoteSchema)
def change_note(body: dict[str, Any], note_id: UUID) -> Note:
    """Change a note"""
    note = find_note(Note.id == note_id)
    if note.version not in if_match():
        raise StaleVersion
    note.rank = body["rank"]
    db.session.flush()
    return note


@blueprint.post("/private", allow=signed_in)
@blueprint.arguments(NewNoteSchema)
@blueprint.response(204)
def be_private(body: NewNote) -> None:
    """Do something that requires authentication"""


@blueprint.post("/guarded", allow=permission("notes.write"))
@blueprint.arguments(NewNoteSchema)
@blueprint.response(204)
def be_guarded(body: NewNote) -> None:
    """Do something that requires a permission"""


class TitleTaken(Problem):
    """Another note has the title."""

    status = 409
    code = "title_taken"
    title = "Another note has this title"


def find_note(condition: sa.ColumnElement[bool]) -> Note:
    """Return the note that matches *condition*."""
    note = db.session.scalars(sa.select(Note).where(condition)).first()
    if note is None:
        raise NotFound
    return note


feature = Feature(
    name="notes",
    summary="Notes",
    blueprints=[blueprint],
    metadata=Base.metadata,
    permissions={"notes.write": "write notes"},
)
people = Feature(
    name="people", summary="People", offers=[Offer(IdentityProvider, "1.0", Doorkeeper)]
)


def make_app(
    url: str,
    *,
    blueprints: Sequence[Blueprint] = (blueprint,),
    features: Sequence[Feature] = (feature, people),
    away: Sequence[Feature] = (),
    settings: Any = None,
) -> Flask:
    """Make a Flask app of *features* without a host."""
    app = Flask("kit")
    app.testing = True
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=transactions.engine_options(sa.make_url(url), threads=10),
        SECRET_KEY="a key that only these tests know",
        API_TITLE="Kit",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
    )
    database = SQLAlchemy(app, session_options={"expire_on_commit": False})
    with app.app_context():
        transactions.prepare(database.engine)
    answers = answers_of(features)
    compose(app, Composition(tuple(features), settings or {}, tuple(away), answers=answers))
    api = Api(app)
    for each in blueprints:
        api.register_blueprint(each)
    app.register_error_handler(Problem, _answer)
    app.extensions["api"] = api
    return app


def answers_of(features: Sequence[Feature]) -> dict[type[Any], tuple[Answer, ...]]:
    """Return the answers of *features*, as a host finds them: decorators first."""
    answers: dict[type[Any], tuple[Answer, ...]] = {}
    for feature in features:
        for offer in feature.offers:
            terms = RemoteTerms(2.0, "refuse") if offer.remote else None
            answer = Answer(offer.name or feature.name, offer.factory, remote=terms)
            answers[offer.contract] = (*answers.get(offer.contract, ()), answer)
    for feature in features:
        for one in feature.decorates:
            answer = Answer(feature.name, one.factory, decorates=True)
            answers[one.contract] = (answer, *answers[one.contract])
    return answers


def create_tables(url: str) -> None:
    """Create the tables of the kit and of the notes."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    models.Base.metadata.create_all(engine)
    Base.metadata.create_all(engine)


def _answer(problem: Problem) -> tuple[dict[str, Any], int, dict[str, str]]:
    body = {
        "code": problem.code,
        "detail": problem.detail,
        "errors": [[error.pointer, error.code] for error in problem.errors],
        **problem.members,
    }
    return body, problem.status, problem.headers
