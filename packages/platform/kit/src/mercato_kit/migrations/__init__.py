"""The Alembic environment of all features; each has its own history and version table."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""The folder of ``env.py`` (Alembic's ``script_location``)."""

KIT_VERSIONS = FOLDER / "versions"
"""The folder of the kit's own revisions."""


def head(versions: Path) -> str | None:
    """Return the newest revision in a folder, read from the file names (``0001_what.py``).

    Reading file names avoids importing Alembic in web processes.
    """
    revisions = sorted(path.name.partition("_")[0] for path in versions.glob("[0-9]*_*.py"))
    return revisions[-1] if revisions else None


def version_table(feature: str) -> str:
    """Return the name of the table with a feature's current revision."""
    return f"{feature}_alembic_version"
