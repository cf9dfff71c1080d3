"""Installed features, as many as wanted: copies of one that ``mercato new`` makes."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mercato_dev.scaffold import make_feature

TEMPLATE = "gizmos"
ROUTES = 4
"""Of each feature."""


def name_of(number: int) -> str:
    """Return the name of a feature."""
    return f"{TEMPLATE}{number:03}"


def install(folder: Path, count: int) -> Sequence[str]:
    """Install *count* features into *folder*, as pip would; return their names.

    Each needs the contract ``catalog``.
    """
    names = [name_of(number) for number in range(1, count + 1)]
    with TemporaryDirectory() as place:
        made = make_feature(TEMPLATE, Path(place), thing="gizmo", workspace=True)
        project = tomllib.loads((made / "pyproject.toml").read_text())["project"]
        for name in names:
            _copy(made / "src", folder, name)
            _describe(folder, name, project["dependencies"])
    return names


def write_deployment(path: Path, names: Sequence[str]) -> Path:
    """Write a deployment file for some features, with a database that is never opened."""
    head = f'environment = "development"\n[database]\nurl = "sqlite:///{path}.db"\n'
    path.write_text(head + "".join(f"[features.{name}]\n" for name in names))
    return path


def _copy(source: Path, folder: Path, name: str) -> None:
    for file in source.rglob("*.py"):
        copy = folder / _renamed(str(file.relative_to(source)), name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(_renamed(file.read_text(), name))


def _renamed(text: str, name: str) -> str:
    return text.replace(TEMPLATE, name)


def _describe(folder: Path, name: str, requirements: Sequence[str]) -> None:
    info = folder / f"mercato_{name}-1.0.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.4", f"Name: mercato-{name}", "Version: 1.0"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requirements]
    (info / "METADATA").write_text("\n".join([*lines, ""]))
    (info / "entry_points.txt").write_text(
        f"[mercato.features]\n{name} = mercato_{name}.feature:feature\n"
    )
    files = [str(file.relative_to(folder)) for file in (folder / f"mercato_{name}").rglob("*.py")]
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in sorted(files)))
