"""Two versions of one wheel run on the same database during an update."""

import subprocess
import sys
from pathlib import Path

import pytest

from mercato_database.runner import migration_engine
from mercato_testing.samples import wheels

from .lending import MIGRATION

PEOPLE = """
from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db
from mercato_kit.feature import Feature
from mercato_kit.privacy import PersonalData, columns

class Base(DeclarativeBase):
    metadata = db.metadata("people")
    type_annotation_map = db.TYPES

class Person(db.Identified, Base):
    __tablename__ = "people_person"
{columns}

@click.group()
def commands():
    "People."

@commands.command()
@click.argument("name")
def add(name):
    db.session.add(Person({written}))

@commands.command()
def show():
    for person in db.session.scalars(sa.select(Person).order_by(Person.id)):
        click.echo({read})

feature = Feature(name="people", summary="People.", metadata=Base.metadata, cli=commands,
    migrations=Path(__file__).parent / "people_versions",
    personal_data=PersonalData(columns(none=[
        getattr(Person, name) for name in ("name", "full_name") if hasattr(Person, name)])))
"""

OLD = {
    "columns": "    name: Mapped[str] = mapped_column(sa.String(100))",
    "written": "name=name",
    "read": "person.name",
}

BOTH = {
    "columns": """    name: Mapped[str | None] = mapped_column(sa.String(100))
    full_name: Mapped[str | None] = mapped_column(sa.String(100))""",
    "written": "name=name, full_name=name",
    "read": "person.full_name or person.name",
}

NEW = {
    "columns": "    full_name: Mapped[str | None] = mapped_column(sa.String(100))",
    "written": "full_name=name",
    "read": "person.full_name",
}

FIRST = """op.create_table("people_person", sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_person")))"""

EXPAND = 'op.add_column("people_person", sa.Column("full_name", sa.String(100)))'

FREE = """with op.batch_alter_table("people_person") as batch:
        batch.alter_column("name", existing_type=sa.String(100), nullable=True)"""

CONTRACT = """op.execute("UPDATE people_person SET full_name = name WHERE full_name IS NULL")
    op.drop_column("people_person", "name")"""

STEPS = [(FIRST, "expand"), (EXPAND, "expand"), (FREE, "expand"), (CONTRACT, "contract")]


class Wheel:
    """One version of the wheel, in its own folder, run in its own processes."""

    def __init__(self, folder, url, version, parts, steps):
        self.folder = folder / version
        (self.folder / "people_versions").mkdir(parents=True)
        wheels.install(self.folder, "people", PEOPLE.format(**parts), version=version)
        for number, (up, phase) in enumerate(steps, start=1):
            text = MIGRATION.format(
                summary=f"Step {number}",
                revision=f"{number:04d}",
                before=f"{number - 1:04d}" if number > 1 else None,
                phase=phase,
                requires={},
                up=up,
                down="pass",
            )
            (self.folder / "people_versions" / f"{number:04d}_step.py").write_text(text)
        file = self.folder / "deployment.toml"
        file.write_text(
            f'environment = "development"\n[database]\nurl = "{url}"\n[features.people]\n'
        )

    def mercato(self, *arguments):
        """Run a command in a new process."""
        return subprocess.run(
            [sys.executable, "-m", "mercato_composition", *arguments],
            env={"PYTHONPATH": str(self.folder), "PATH": str(Path(sys.executable).parent)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def names(self):
        """Read all names with this version of the code."""
        shown = self.mercato("people", "show")
        assert shown.returncode == 0, shown.stderr
        return sorted(shown.stdout.split())

    def add(self, name):
        """Add a person with this version of the code."""
        added = self.mercato("people", "add", name)
        assert added.returncode == 0, added.stderr


class TestExpandAndContract:
    @pytest.mark.provokes("K303")
    def test_both_versions_run_on_the_tables_in_between(self, tmp_path, url):
        """The old wheel reads and writes until --contract; then `check` refuses it."""
        old = Wheel(tmp_path, url, "1.0", OLD, STEPS[:1])
        new = Wheel(tmp_path, url, "1.1", BOTH, STEPS[:3])
        last = Wheel(tmp_path, url, "2.0", NEW, STEPS)
        old.mercato("db", "upgrade")
        old.add("ada")

        expanded = new.mercato("db", "upgrade")
        old.add("bob")
        new.add("cyd")
        between, checked = (old.names(), new.names()), old.mercato("check")
        waiting = last.mercato("db", "upgrade")
        contracted = last.mercato("db", "upgrade", "--contract")
        refused = old.mercato("check")

        assert expanded.stdout.splitlines() == ["people 0002", "people 0003", "2 applied."]
        assert between == (["ada", "bob", "cyd"], ["ada", "bob", "cyd"])
        assert (checked.returncode, checked.stdout.splitlines()[0]) == (
            0,
            "warning[K303] mercato-people 1.0 ('people')",
        )
        assert "it is served: the newer migrations removed nothing" in checked.stdout
        assert waiting.stdout.splitlines() == [
            "people 0004 waits for --contract",
            "Nothing to do: all is up to date.",
        ]
        assert contracted.stdout.splitlines() == ["people 0004", "1 applied."]
        assert last.names() == ["ada", "bob", "cyd"]
        assert refused.returncode == 2
        assert "error[K303] mercato-people 1.0 ('people')" in refused.stderr
        assert "fix: install mercato-people 2.0 or newer" in refused.stderr

    def test_a_wheel_that_only_waits_to_contract_is_served(self, tmp_path, url):
        """Pending migrations that only contract are a warning."""
        Wheel(tmp_path, url, "1.1", BOTH, STEPS[:3]).mercato("db", "upgrade")
        tolerant = Wheel(tmp_path, url, "1.2", BOTH, STEPS)

        checked, compared = tolerant.mercato("check"), tolerant.mercato("db", "check")

        assert (checked.returncode, "warning[K302]" in checked.stdout) == (0, True)
        assert "apply them when no older version runs any more." in checked.stdout
        assert " db upgrade --contract\n" in checked.stdout
        assert "people 0003; not compared: its models need 0004" in compared.stdout

    @pytest.mark.provokes("K302")
    def test_an_expanding_migration_may_follow_a_contracting_one(self, tmp_path, url):
        """Then the wheel needs `mercato db upgrade --contract`, and the fault says so."""
        Wheel(tmp_path, url, "1.1", BOTH, STEPS[:3]).mercato("db", "upgrade")
        more = [*STEPS, ('op.create_table("people_pet", sa.Column("id", sa.Uuid))', "expand")]
        newest = Wheel(tmp_path, url, "3.0", NEW, more)

        refused = newest.mercato("check")

        assert (refused.returncode, "error[K302]" in refused.stderr) == (2, True)
        assert " db upgrade --contract\n" in refused.stderr

    def test_an_empty_database_gets_all_migrations(self, tmp_path, url):
        """An upgrade of an empty database also applies contracting migrations."""
        made = Wheel(tmp_path, url, "2.0", NEW, STEPS).mercato("db", "upgrade")

        assert "people 0004" in made.stdout.splitlines()
        with migration_engine(url) as engine, engine.connect() as connection:
            version = connection.exec_driver_sql("SELECT version_num FROM people_alembic_version")
            assert version.scalar() == "0004"
