"""The paths of a deployment's lock and environments, beside its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """Paths of one deployment.

    Args:
        file: The deployment file.
        lock: ``pylock.toml``; for ``staging.toml`` it is ``pylock.staging.toml``.
        environments: A folder with one environment for each lock.
        current: The link to the environment in use.
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
        # Several deployment files may share a folder. PEP 751 allows no other dots in the name.
        word = "" if file.stem == "deployment" else f".{file.stem.replace('.', '-')}"
        environments = (into or file.parent / "environments").absolute()
        current = environments / f"current{word}"
        return cls(file, file.parent / f"pylock{word}.toml", environments, current)

    @property
    def wheels(self) -> Path:
        """The folder of downloaded wheels, which an interrupted install reuses."""
        return self.environments / "wheels"

    @property
    def at_work(self) -> Path:
        """The lock file that a process holds while it changes the environments."""
        return self.environments / "at-work"
