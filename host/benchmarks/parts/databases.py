"""Empty databases for benchmarks that fill them themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from mercato_testing.postgresql import running_server


@contextmanager
def empty_database(place: Path, database: str) -> Iterator[str]:
    """Yield the URL of a database on ``postgresql`` or ``sqlite`` that is dropped afterwards."""
    if database == "sqlite":
        yield f"sqlite:///{place}/{uuid4().hex}.db"
        return
    with running_server(place / "postgresql") as server:
        name = f"bench_{uuid4().hex}"
        yield server.create_database(name)
        server.drop_database(name)
