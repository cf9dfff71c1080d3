"""A package index on loopback, for tests of what is locked, installed and published.

It is pypiserver in a process of its own. What is not there is not there: it asks no other index.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mercato_dev.wheel_writer import closure, pack_installed


@dataclass(frozen=True)
class Index:
    """An index that answers.

    Args:
        folder: What it offers: the files in it, at any time. Uploads land here, too.
        root: Its address; uploads go there.
    """

    folder: Path
    root: str

    @property
    def url(self) -> str:
        """What installers call the index."""
        return f"{self.root}simple/"

    def add(self, file: Path) -> Path:
        """Offer a copy of *file*."""
        return Path(shutil.copy(file, self.folder))

    def add_installed(self, *names: str) -> None:
        """Offer distributions that are installed here, and all they require."""
        for name in closure(*names):
            pack_installed(self.folder, name)

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Take away, at the end of the block, what was added in it."""
        there = set(self.folder.iterdir())
        try:
            yield
        finally:
            for file in set(self.folder.iterdir()) - there:
                file.unlink()


@contextmanager
def serve_index(folder: Path) -> Iterator[Index]:
    """Serve the wheels in *folder* until the end of the block. Anyone may upload."""
    command = [sys.executable, "-W", "ignore", "-m", "mercato_dev.index_server"]
    with subprocess.Popen(  # noqa: S603 - a module of ours
        [*command, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        # The end of the block closes its standard input, and that ends it.
        root = process.stdout.readline().strip() if process.stdout else ""
        if not root:
            raise RuntimeError("the index did not start: is pypiserver installed?")
        yield Index(folder, root)
