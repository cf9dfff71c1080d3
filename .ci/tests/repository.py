"""An orchard under git, with a feature in it that can be released."""

import subprocess
from pathlib import Path

FEATURE = """
[project.entry-points."mercato.features"]
{name} = "mercato_{name}.feature:feature"
"""
AUTHOR = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"]


def git(root: Path, *words: str) -> None:
    """Let git do something, as ada."""
    subprocess.run(["git", *AUTHOR, *words], cwd=root, check=True)


def make_feature(root: Path, name: str) -> None:
    """Give a distribution of the orchard what makes a feature of it."""
    with (root / "packages" / name / "pyproject.toml").open("a") as settings:
        settings.write(FEATURE.format(name=name))
    for path in ("feature.py", "migrations/versions/0001_initial.py"):
        add(root, f"packages/{name}/src/mercato_{name}/{path}")


def add(root: Path, path: str, content: str = "") -> Path:
    """Write a file."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def commit(root: Path) -> None:
    """Commit everything."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message=apples: ripen")


def tag(root: Path, name: str) -> None:
    """Release what was committed last."""
    git(root, "tag", "--force", "--annotate", "--message=ripe", name)
