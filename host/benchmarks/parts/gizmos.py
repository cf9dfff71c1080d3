"""Installed features, as many as wanted, each a copy of the one in ``gizmo`` under a new name."""

from collections.abc import Sequence
from pathlib import Path

TEMPLATE = Path(__file__).parents[1] / "gizmo"
ROUTES, TABLES = 4, 2
"""Of each feature."""


def name_of(number: int) -> str:
    """Return the name of a feature."""
    return f"gizmo{number:03}"


def install(folder: Path, count: int) -> Sequence[str]:
    """Install *count* features into *folder*, as pip would; return their names."""
    names = [name_of(number) for number in range(1, count + 1)]
    for name in names:
        _copy(folder, name)
        _describe(folder, name)
    return names


def write_deployment(path: Path, names: Sequence[str]) -> Path:
    """Write a deployment file for some features, with a database that is never opened."""
    head = f'environment = "development"\n[database]\nurl = "sqlite:///{path}.db"\n'
    path.write_text(head + "".join(f"[features.{name}]\n" for name in names))
    return path


def _copy(folder: Path, name: str) -> None:
    for source in TEMPLATE.rglob("*.py"):
        copy = folder / _renamed(str(source.relative_to(TEMPLATE)), name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(_renamed(source.read_text(), name))


def _renamed(text: str, name: str) -> str:
    return text.replace("gizmo", name).replace("Gizmo", name.capitalize())


def _describe(folder: Path, name: str) -> None:
    info = folder / f"mercato_{name}-1.0.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.4", f"Name: mercato-{name}", "Version: 1.0"]
    lines += ["Requires-Dist: mercato-kit>=1.0,<2", "Requires-Dist: sqlalchemy>=2.1.9", ""]
    (info / "METADATA").write_text("\n".join(lines))
    (info / "entry_points.txt").write_text(
        f"[mercato.features]\n{name} = mercato_{name}.feature:feature\n"
    )
    files = [str(file.relative_to(folder)) for file in (folder / f"mercato_{name}").rglob("*.py")]
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in sorted(files)))
