"""The distributions of this repository, found by folder."""

import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

ROOT = Path.cwd()
"""The repository: nox runs where its noxfile is."""
DIST = ROOT / "dist"
WORKSPACE = ROOT / "pyproject.toml"
PROGRAMS = Path(__file__).parent / "programs"
"""Programs that sessions run with the Python of another environment."""
TOOLS = Path(__file__).parent / "tools/pyproject.toml"
"""The dependency groups of the tools that sessions run."""

PLATFORM = "platform"
"""The release unit of every distribution that is not released alone."""


@dataclass(frozen=True)
class Distribution:
    """A folder that becomes a wheel."""

    folder: Path

    @property
    def short(self) -> str:
        """What people call it: the name of its folder."""
        return self.folder.name

    @property
    def unit(self) -> str:
        """The release unit that it belongs to: the platform, or itself."""
        is_platform = self.folder.parent.name == PLATFORM or self.folder.name == "host"
        return PLATFORM if is_platform else self.short

    @property
    def pyproject(self) -> Path:
        """Its own settings."""
        return self.folder / "pyproject.toml"

    @property
    def settings(self) -> dict[str, Any]:
        """All that its settings say."""
        return _read(self.pyproject)

    @property
    def project(self) -> dict[str, Any]:
        """Its metadata, as declared."""
        project: dict[str, Any] = self.settings["project"]
        return project

    @property
    def name(self) -> str:
        """What the index calls it."""
        return str(self.project["name"])

    @property
    def module(self) -> str:
        """What Python calls it."""
        return self.name.replace("-", "_")

    @property
    def source(self) -> Path:
        """The folder to put on a path to import it."""
        return self.folder / "src"

    @property
    def stem(self) -> str:
        """What the names of its files begin with."""
        return f"{self.module}-{self.project['version']}"

    @property
    def wheel(self) -> Path:
        """The wheel that ``build`` makes of it."""
        return DIST / f"{self.stem}-py3-none-any.whl"

    @property
    def is_feature(self) -> bool:
        """Whether it offers a feature to the host."""
        return "mercato.features" in self.project.get("entry-points", {})

    @property
    def requirements(self) -> list[str]:
        """What it and its extras require, as it is written."""
        extras = self.project.get("optional-dependencies", {}).values()
        return [*self.project.get("dependencies", []), *(one for some in extras for one in some)]

    @property
    def extras(self) -> list[str]:
        """What it offers to install on top."""
        return sorted(self.project.get("optional-dependencies", {}))

    def digest(self) -> str:
        """Say in one word what its wheel is made of."""
        kept = ["pyproject.toml", "README.md", "LICENSE", "src/**/*"]
        files = sorted({file for pattern in kept for file in self.folder.glob(pattern)})
        return digest(file for file in files if file.is_file() and "__pycache__" not in file.parts)


def digest(files: Iterable[Path]) -> str:
    """Hash the names and contents of *files*, in their order."""
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file}\0{file.stat().st_size}\0".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def with_extras(name: str, extras: Sequence[str]) -> str:
    """Write a requirement of a distribution and some of its extras."""
    return f"{name}[{','.join(extras)}]" if extras else name


def find_distributions(root: Path = ROOT) -> list[Distribution]:
    """Find every folder below *root* that declares a distribution."""
    # A repository of one feature has it at the top.
    folders = (".", "packages/*", "packages/platform/*", "host")
    found = [file for folder in folders for file in sorted(root.glob(f"{folder}/pyproject.toml"))]
    return [Distribution(file.parent) for file in found if "project" in _read(file)]


def _read(pyproject: Path) -> dict[str, Any]:
    return tomllib.loads(pyproject.read_text())


def find_distribution(short: str, root: Path = ROOT) -> Distribution:
    """Find a distribution below *root* by the name of its folder.

    Raises:
        LookupError: None is called so; says which name was meant, or which there are.
    """
    found = {item.short: item for item in find_distributions(root)}
    if short in found:
        return found[short]
    near = get_close_matches(short, found, n=1)
    guess = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(found)}."
    raise LookupError(f"no distribution is called {short!r}. {guess}")


DISTRIBUTIONS = find_distributions()
EVERYTHING = [item.name for item in DISTRIBUTIONS]
