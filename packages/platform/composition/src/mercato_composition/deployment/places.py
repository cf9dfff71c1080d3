"""Where a deployment's lock and environments are: beside its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """Paths of one deployment.

    Args:
        file: The deployment file.
        lock: ``pylock.toml``; of ``staging.toml`` it is ``pylock.staging.toml``.
        environments: A folder with an environment a lock.
        current: The link to the environment that is used.
    """

    file: Path
    lock: Path
    environments: Path
    current: Path

    @classmethod
    def of(cls, file: Path, into: Path | None = None) -> Places:
        """Return the paths of the deployment in *file*.

        Args:
            file: The deployment file.
            into: The folder for environments; ``environments`` beside the file by default.
        """
        file = file.absolute()
        # Several deployment files may share a folder. A lock's name has no other dots in it.
        word = "" if file.stem == "deployment" else f".{file.stem.replace('.', '-')}"
        environments = (into or file.parent / "environments").absolute()
        current = environments / f"current{word}"
        return cls(file, file.parent / f"pylock{word}.toml", environments, current)

    @property
    def wheels(self) -> Path:
        """Where fetched wheels wait, so that an interrupted install goes on."""
        return self.environments / "wheels"

    @property
    def at_work(self) -> Path:
        """The file that whoever works here holds a lock on."""
        return self.environments / "at-work"
