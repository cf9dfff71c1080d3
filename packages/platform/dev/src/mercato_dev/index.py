"""A package index on loopback for tests: pypiserver in a process, without other indexes behind."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mercato_dev.wheel_writer import closure, pack_installed

_SERVER = Path(__file__).with_name("index_server.py")


@dataclass(frozen=True)
class Index:
    """A running index.

    Args:
        folder: The folder that it serves, and that receives uploads. Files may change at any time.
        root: Its URL for uploads.
    """

    folder: Path
    root: str

    @property
    def url(self) -> str:
        """Its URL for installers (the simple API)."""
        return f"{self.root}simple/"

    def add(self, file: Path) -> Path:
        """Add a copy of *file*."""
        return Path(shutil.copy(file, self.folder))

    def add_installed(self, *names: str) -> None:
        """Add wheels of installed distributions and of all that they require."""
        for name in closure(*names):
            pack_installed(self.folder, name)

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Remove at the end of the block what was added in it."""
        before = set(self.folder.iterdir())
        try:
            yield
        finally:
            for file in set(self.folder.iterdir()) - before:
                file.unlink()


@contextmanager
def serve_index(folder: Path, python: Path = Path(sys.executable)) -> Iterator[Index]:
    """Serve the files in *folder* until the end of the block; everyone may upload.

    Args:
        folder: The folder.
        python: A Python that has pypiserver.
    """
    command = [str(python), "-W", "ignore", str(_SERVER), str(folder)]
    with subprocess.Popen(  # noqa: S603 - a program of ours
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        # The block's end closes standard input, which ends the server.
        root = process.stdout.readline().strip() if process.stdout else ""
        if not root:
            raise RuntimeError(f"the index did not start; try: {' '.join(command)}")
        yield Index(folder, root)
