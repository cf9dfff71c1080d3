"""The one Alembic environment: every feature's history runs in it, with its own version table."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where ``env.py`` is (Alembic's ``script_location``)."""

KIT_VERSIONS = FOLDER / "versions"
"""The history of the kit's own tables."""


def head(versions: Path) -> str | None:
    """Return the newest revision in a folder of migrations, read from its file names.

    Files are called ``0001_what.py``; the number is the revision. Reading names keeps Alembic
    out of web processes.
    """
    revisions = sorted(path.name.partition("_")[0] for path in versions.glob("[0-9]*_*.py"))
    return revisions[-1] if revisions else None


def version_table(feature: str) -> str:
    """Return the name of the table that holds a feature's revision."""
    return f"{feature}_alembic_version"
