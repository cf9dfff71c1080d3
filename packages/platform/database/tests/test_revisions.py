"""Migrations are ordered by their graph, whatever their files are called."""

import pytest
import sqlalchemy as sa

from mercato_database.history import histories
from mercato_database.plan import read as plan
from mercato_database.revisions import forks, heads, read
from mercato_database.runner import migration_engine, upgrade
from mercato_kit.feature import Feature

TABLE = """
import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = {before!r}


def upgrade():
    op.create_table("lamps_{number}", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("lamps_{number}")
"""


@pytest.fixture
def write(tmp_path):
    """A function that writes a migration, and returns their folder."""

    def write(name, number, before=None):
        (tmp_path / name).write_text(TABLE.format(number=number, before=before))
        return tmp_path

    return write


def numbers(folder):
    """Return the revisions of a folder, in their order."""
    return [revision.number for revision in read(folder)]


def lamps(folder):
    """Return a feature with these migrations."""
    return Feature(name="lamps", summary="For a test.", metadata=sa.MetaData(), migrations=folder)


class TestRead:
    def test_orders_by_what_follows_what(self, write):
        """Names of files do not matter; a module without a revision is none."""
        write("ae10_then.py", "ae10", "ff00")
        write("ff00_first.py", "ff00")
        (write("0002b_last.py", "0002b", "ae10") / "__init__.py").touch()

        assert numbers(write("ae10_then.py", "ae10", "ff00")) == ["ff00", "ae10", "0002b"]

    def test_keeps_a_file_that_is_not_python(self, write):
        """A migration with a syntax error is not lost: it fails when it is run."""
        folder = write("0001_first.py", "0001")
        (folder / "0002_broken.py").write_text("def (")

        assert numbers(folder) == ["0001", "0002"]


class TestForks:
    def test_are_two_newest_revisions(self, write):
        """Two revisions that none follows are a fork; a merge of both ends it."""
        write("0001_first.py", "0001")
        write("0002_one.py", "0002", "0001")
        folder = write("0002b_other.py", "0002b", "0001")
        found = [(one.number, other.number) for one, other in forks(read(folder))]
        merged = read(write("0003_merge.py", "0003", ("0002", "0002b")))

        assert found == [("0002", "0002b")]
        assert (list(forks(merged)), [one.number for one in heads(merged)]) == ([], ["0003"])


class TestUpgrade:
    def test_runs_migrations_named_by_hashes(self, write, tmp_path):
        """Revisions that Alembic named are applied in their order, and resumed."""
        url = f"sqlite:///{tmp_path}/lamps.db"
        folder = write("ff00_first.py", "ff00")
        first = upgrade(url, [lamps(folder)])
        write("ae10_then.py", "ae10", "ff00")

        second = upgrade(url, [lamps(folder)])

        assert [one.revision for one in first if one.feature == "lamps"] == ["ff00"]
        assert [one.revision for one in second] == ["ae10"]

    @pytest.mark.provokes("K308")
    def test_is_refused_for_two_heads_with_any_name(self, write, tmp_path):
        """K308: a head that is no number is named."""
        write("0001_first.py", "0001")
        write("0002_one.py", "0002", "0001")
        folder = write("0002b_other.py", "0002b", "0001")

        with migration_engine(f"sqlite:///{tmp_path}/lamps.db") as engine:
            [fault] = plan(engine, histories([lamps(folder)]), contract=True).faults

        assert fault.key == "K308@lamps"
        assert "0003_other.py" in fault.fix
        assert "down_revision = '0002'" in fault.fix
