"""Find the distributions of this repository by their folders."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

ROOT = Path.cwd()
"""The repository, because nox runs in the folder of the noxfile."""
DIST = ROOT / "dist"
WORKSPACE = ROOT / "pyproject.toml"
PROGRAMS = Path(__file__).parent / "programs"
"""The folder of programs that run with the Python of another environment."""
TOOLS = Path(__file__).parent / "tools/pyproject.toml"
"""The file with the dependency groups of tools that sessions run."""

PLATFORM = "platform"
"""The release unit of the distributions that share one version."""


@dataclass(frozen=True)
class Distribution:
    """A folder with the sources of a wheel."""

    folder: Path

    @property
    def short(self) -> str:
        """The name of its folder, e.g. ``orders``."""
        return self.folder.name

    @property
    def unit(self) -> str:
        """The name of its release unit: the platform, or its own."""
        is_platform = self.folder.parent.name == PLATFORM or self.folder.name == "host"
        return PLATFORM if is_platform else self.short

    @property
    def pyproject(self) -> Path:
        """The path of its pyproject.toml."""
        return self.folder / "pyproject.toml"

    @property
    def settings(self) -> dict[str, Any]:
        """The content of its pyproject.toml."""
        return _read(self.pyproject)

    @property
    def project(self) -> dict[str, Any]:
        """The table ``[project]``."""
        project: dict[str, Any] = self.settings["project"]
        return project

    @property
    def name(self) -> str:
        """Its name in an index, e.g. ``mercato-orders``."""
        return str(self.project["name"])

    @property
    def module(self) -> str:
        """The name of its import package, e.g. ``mercato_orders``."""
        return self.name.replace("-", "_")

    @property
    def source(self) -> Path:
        """The folder that contains its import package."""
        return self.folder / "src"

    @property
    def stem(self) -> str:
        """The start of the names of its wheel and sdist, e.g. ``mercato_orders-1.2.0``."""
        return f"{self.module}-{self.project['version']}"

    @property
    def wheel(self) -> Path:
        """The path of its wheel, which the session ``build`` makes."""
        return DIST / f"{self.stem}-py3-none-any.whl"

    @property
    def is_feature(self) -> bool:
        """Whether it has a manifest."""
        return "mercato.features" in self.project.get("entry-points", {})

    @property
    def requirements(self) -> list[str]:
        """Its requirements and those of its extras, as written."""
        return requirements_of(self.project)

    @property
    def extras(self) -> list[str]:
        """The names of its extras."""
        return sorted(self.project.get("optional-dependencies", {}))

    def digest(self) -> str:
        """Return the hash of the files that its wheel is built from."""
        kept = ["pyproject.toml", "README.md", "LICENSE", "src/**/*"]
        files = sorted({file for pattern in kept for file in self.folder.glob(pattern)})
        sources = (one for one in files if one.is_file() and "__pycache__" not in one.parts)
        return digest(sources, root=self.folder)


def digest(files: Iterable[Path], root: Path = ROOT) -> str:
    """Return a hash of the contents of *files* and of their paths from *root*, in their order."""
    total = hashlib.sha256()
    for file in files:
        name = file.relative_to(root) if file.is_relative_to(root) else file
        total.update(f"{name}\0{file.stat().st_size}\0".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def requirements_of(project: Mapping[str, Any]) -> list[str]:
    """Return the requirements in a table ``[project]``, with those of all extras."""
    extras = project.get("optional-dependencies", {}).values()
    return [*project.get("dependencies", []), *(one for some in extras for one in some)]


def with_extras(name: str, extras: Sequence[str]) -> str:
    """Return a requirement without versions, e.g. ``mercato-host[redis]``."""
    return f"{name}[{','.join(extras)}]" if extras else name


def find_distributions(root: Path = ROOT) -> list[Distribution]:
    """Return the distributions below *root*."""
    # A repository of one feature has its pyproject.toml at the root.
    folders = (".", "packages/*", "packages/platform/*", "host")
    found = [file for folder in folders for file in sorted(root.glob(f"{folder}/pyproject.toml"))]
    return [Distribution(file.parent) for file in found if "project" in _read(file)]


def _read(pyproject: Path) -> dict[str, Any]:
    return tomllib.loads(pyproject.read_text())


def find_distribution(short: str, root: Path = ROOT) -> Distribution:
    """Return the distribution below *root* whose folder has the name *short*.

    Raises:
        LookupError: There is none; the message suggests a similar name or lists all names.
    """
    found = {item.short: item for item in find_distributions(root)}
    if short in found:
        return found[short]
    close = get_close_matches(short, found, n=1)
    guess = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(found)}."
    raise LookupError(f"no distribution is called {short!r}. {guess}")


DISTRIBUTIONS = find_distributions()
EVERYTHING = [item.name for item in DISTRIBUTIONS]
TEST_GROUPS = [f"{item.pyproject}:test" for item in DISTRIBUTIONS]
"""The dependency groups of their tests, for ``uv pip install --group``."""
