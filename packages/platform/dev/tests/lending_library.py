"""A small feature with one of everything that a snapshot describes."""

import zipfile

from mercato_dev.wheel_writer import write_wheel

FEATURE = '''
from pathlib import Path
from typing import Annotated, Protocol

import click
import sqlalchemy as sa
from msgspec import Meta
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db
from mercato_kit.errors import Conflict
from mercato_kit.events import Handler
from mercato_kit.feature import Decorates, Expansion, Feature, Glue, Need, Offer, Referent
from mercato_kit.http import Blueprint
from mercato_kit.jobs import Job
from mercato_kit.policies import anyone, permission
from mercato_kit.schemas import ModelSchema, Schema, Text
from mercato_kit.settings import Secret, Settings

print("this is said while it is imported")


class Paper(Protocol):
    """Hands out paper."""

    left: int

    def take(self, sheets: int) -> bool: ...


class Lending(Protocol):
    """Hands out books."""

    def lend(self) -> None: ...


class Desk:
    """Lends books."""

    def lend(self) -> None: ...


class Base(DeclarativeBase):
    metadata = db.metadata("library")
    type_annotation_map = db.TYPES


class Book(db.Aggregate, Base):
    __tablename__ = "library_book"
    __table_args__ = (
        sa.CheckConstraint("state IN ('new', 'old')", name="state_known"),
        sa.UniqueConstraint("title"),
        sa.Index(None, "state", postgresql_where=sa.text("state = 'new'")),
    )

    title: Mapped[str] = mapped_column(sa.String(100))
    state: Mapped[str] = mapped_column(sa.String(20), server_default="new")
    after_id: Mapped[sa.Uuid | None] = mapped_column(sa.Uuid, sa.ForeignKey("library_book.id"))


class BookLent(Conflict):
    """The book is lent."""

    code = "book_lent"


class BookLentToFriend(BookLent):
    """The book is lent to a friend."""


class NewBookSchema(Schema):
    title = Text(min=1, max=100, required=True)


class BookSchema(ModelSchema):
    class Meta(ModelSchema.Meta):
        model = Book
        fields = ("id", "title", "state")


books = Blueprint("books", __name__, url_prefix="/v1")
shelves = Blueprint("shelves", __name__, url_prefix="/v1")


@books.post("/books", allow=permission("library.write"))
@books.arguments(NewBookSchema)
@books.response(201, BookSchema)
def add_book(body):
    """Add a book"""


@shelves.get("/shelves/<uuid:book_id>", allow=anyone)
@shelves.response(200, BookSchema)
def find_book(book_id):
    """Find a book"""


class LibrarySettings(Settings, frozen=True, kw_only=True):
    """Settings."""

    address: Annotated[str, Meta(pattern="^https?://", min_length=30)]
    copies: Annotated[int, Meta(ge=1, le=9)]
    key: Secret = Secret("the key under the mat")
    days: int = 30


@click.group()
def commands():
    """Lend books."""


@commands.command("add")
@click.argument("title")
@click.option("--kind", "-k", type=click.Choice(["old", "new"]), required=True)
@click.option("--shelf", multiple=True)
def add(title, kind, shelf):
    """Add a book."""


@click.command()
@click.option("--loud/--quiet")
def librarian(loud):
    """Start the program."""


def main():
    librarian()


def sort_books():
    return 0


class Careful(Desk):
    def __init__(self, below):
        self.below = below


class WordSchema(Schema):
    words = Text(data_key="Words")


def count_words(ids):
    return {}


def tell(event):
    """Handle an event."""


feature = Feature(
    name="library",
    summary="Books.",
    blueprints=[books],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations/versions",
    needs=[Need(Paper, ">=2.1,<3")],
    offers=[Offer(Lending, "1.2", Desk), Offer(Lending, "1.1", Desk, name="branch")],
    decorates=[Decorates(Lending, "1.3", Careful)],
    referents=[Referent(Lending, "book", Book.id)],
    excludes={"bonfire": "it burns books"},
    publishes=["book.added"],
    jobs=[Job("sort_books", sort_books, every_seconds=60)],
    expansions=[Expansion(Lending, "book", "words", WordSchema, "Words of it.", count_words)],
    glue=[Glue(when=["furniture"], blueprints=[shelves], handles=[Handler("user.erased", tell)])],
    settings=LibrarySettings,
    permissions={"library.write": "Add books"},
    cli=commands,
    sample_data=sort_books,
)
'''


MIGRATION = """
revision = "0001"
down_revision = None
"""

ENTRY_POINTS = {
    "mercato.features": {"library": "mercato_library.feature:feature"},
    "console_scripts": {"librarian": "mercato_library.feature:main"},
}


def install(folder, code=FEATURE):
    """Install the feature into a folder, with its sources."""
    files = {
        "mercato_library/__init__.py": "",
        "mercato_library/feature.py": code,
        "mercato_library/migrations/versions/0001_initial.py": MIGRATION,
    }
    wheel = write_wheel(folder, "mercato-library", "1.0.0", files, entry_points=ENTRY_POINTS)
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    source = folder / "src/mercato_library"
    source.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nname = "mercato-library"\n')
    for name in ("__init__.py", "feature.py"):
        (source / name).write_text(files[f"mercato_library/{name}"])
    return folder
