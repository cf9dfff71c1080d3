"""A small library: the feature `shelf` has books, the feature `loans` keeps their ids."""

import os
import subprocess
import sys
from contextlib import contextmanager

import sqlalchemy as sa
from click.testing import CliRunner

from mercato_composition.commands.frame import mercato
from mercato_database.runner import migration_engine
from mercato_testing.samples import wheels
from mercato_testing.samples.documents import read_document

WORDS = '''
from typing import Protocol

class Lending(Protocol):
    """Lends books."""

class Desk:
    """Provides `Lending`."""
'''

SHELF = """
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from lending_words import Desk, Lending
from mercato_kit import db
from mercato_kit.feature import Check, Feature, Offer, Referent
from mercato_kit.events import Handler
from mercato_kit.privacy import PersonalData, columns
from mercato_kit.keys import Sealed

class Base(DeclarativeBase):
    metadata = db.metadata("shelf")
    type_annotation_map = db.TYPES

class Book(db.Identified, Base):
    __tablename__ = "shelf_book"
    title: Mapped[str] = mapped_column(sa.String(100))
    after_id: Mapped[sa.Uuid | None] = mapped_column(sa.Uuid, sa.ForeignKey("shelf_book.id"))
    lock_sealed: Mapped[bytes | None] = mapped_column(Sealed("shelf.lock"))

class Page(db.Identified, Base):
    __tablename__ = "shelf_page"
    book_id: Mapped[sa.Uuid] = mapped_column(sa.Uuid, sa.ForeignKey("shelf_book.id"))

def untitled():
    empty = db.session.scalar(sa.select(sa.func.count()).where(Book.title == ""))
    return f"{empty} books have no title" if empty else None

feature = Feature(
    name="shelf",
    summary="Books.",
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "shelf_versions",
    offers=[Offer(Lending, "1.0", Desk)],
    referents=[Referent(Lending, "book", Book.id)],
    doctor=[Check("titles", untitled)],
    personal_data=PersonalData(columns(none=[Book.title, Book.lock_sealed])),
)
"""

LOANS = """
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from lending_words import Lending
from mercato_kit import db
from mercato_kit.feature import Feature, SoftReference

class Base(DeclarativeBase):
    metadata = db.metadata("loans")
    type_annotation_map = db.TYPES

class Loan(db.Identified, Base):
    __tablename__ = "loans_loan"
    book_id: Mapped[UUID | None]

feature = Feature(
    name="loans",
    summary="Who has which book.",
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "loans_versions",
    references=[SoftReference(Loan.book_id, Lending, "book", policy="{policy}")],
)
"""

ADD_YEAR = 'op.add_column("shelf_book", sa.Column("year", sa.Integer))'
"""The body of a migration of `shelf`."""

MIGRATION = """
'''{summary}.'''

import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {before!r}
branch_labels = None
depends_on = None
phase = {phase!r}
requires = {requires!r}


def upgrade():
    {up}


def downgrade():
    {down}
"""

SHELF_TABLES = """
    op.create_table("shelf_book", sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("title", sa.String(100), nullable=False), sa.Column("after_id", sa.Uuid),
        sa.Column("lock_sealed", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf_book")),
        sa.ForeignKeyConstraint(["after_id"], ["shelf_book.id"],
            name=op.f("fk_shelf_book_after_id_shelf_book")))
    op.create_table("shelf_page", sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("book_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf_page")),
        sa.ForeignKeyConstraint(["book_id"], ["shelf_book.id"],
            name=op.f("fk_shelf_page_book_id_shelf_book")))
"""

LOANS_TABLES = """
    op.create_table("loans_loan", sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("book_id", sa.Uuid), sa.PrimaryKeyConstraint("id", name=op.f("pk_loans_loan")))
"""


class Library:
    """A folder with both features installed, and a deployment with one database."""

    def __init__(self, folder, url, policy="needs_target"):
        self.folder = folder
        self.url = url
        self.file = folder / "deployment.toml"
        (folder / "lending_words.py").write_text(WORDS)
        wheels.install(folder, "shelf", SHELF, version="1.0.2")
        wheels.install(folder, "loans", LOANS.replace("{policy}", policy), version="2.0")
        self.migration("shelf", "0001", SHELF_TABLES)
        self.migration("loans", "0001", LOANS_TABLES)
        self.choose("shelf", "loans")

    def migration(self, feature, number, up, *, down="pass", phase="expand", requires=None):
        """Write a migration."""
        versions = self.folder / f"{feature}_versions"
        versions.mkdir(exist_ok=True)
        before = f"{int(number) - 1:04d}" if number != "0001" else None
        text = MIGRATION.format(
            summary=f"Step {number}",
            revision=number,
            before=before,
            phase=phase,
            requires=requires or {},
            up=up.strip(),
            down=down,
        )
        (versions / f"{number}_step.py").write_text(text)

    def choose(self, *features):
        """Write a deployment file with these features."""
        named = "".join(f"[features.{name}]\n" for name in features)
        database = f'[database]\nurl = "{self.url}"\n'
        self.file.write_text(f'environment = "development"\n{database}{named}')

    def mercato(self, *arguments, answer=None):
        """Run the command line in this process."""
        chosen = [f"--deployment={self.file}", *arguments]
        return CliRunner().invoke(mercato, chosen, input=answer, terminal_width=100)

    def document(self, *arguments):
        """Return the document that a command prints with --json."""
        return read_document(self.mercato(*arguments, "--json").stdout, "mercato_database")

    def process(self, *arguments, program=("-m", "mercato_composition")):
        """Start the command line in a new process."""
        return subprocess.Popen(
            [sys.executable, *program, f"--deployment={self.file}", *arguments],
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def transaction(self):
        """Yield a connection, and commit at the end."""
        with migration_engine(self.url) as engine, engine.begin() as connection:
            yield connection

    def execute(self, *statements):
        """Run statements, and return the rows of the last one."""
        with self.transaction() as connection:
            for statement in statements:
                result = connection.execute(sa.text(statement))
            return result.all() if result.returns_rows else []

    def fill(self):
        """Add two books, a loan of one of them, and a loan of a book that does not exist."""
        one, two, three, four = (f"{number:032x}" for number in range(1, 5))
        with self.transaction() as connection:
            for statement, rows in (
                (
                    "INSERT INTO shelf_book (id, title) VALUES (:id, :title)",
                    [{"id": one, "title": "Emma"}, {"id": two, "title": ""}],
                ),
                (
                    "INSERT INTO shelf_page (id, book_id) VALUES (:id, :book)",
                    [{"id": one, "book": one}],
                ),
                (
                    "INSERT INTO loans_loan (id, book_id) VALUES (:id, :book)",
                    [
                        {"id": one, "book": one},
                        {"id": two, "book": four},
                        {"id": three, "book": None},
                    ],
                ),
            ):
                connection.execute(sa.text(statement), rows)

    def tables(self):
        """Return the names of both features' tables, sorted."""
        with migration_engine(self.url) as engine:
            found = sa.inspect(engine).get_table_names()
        return sorted(name for name in found if not name.startswith("kit_"))
