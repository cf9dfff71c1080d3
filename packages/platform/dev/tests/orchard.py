"""Write workspaces of small distributions, and run nox sessions in them."""

import ast
import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from describe import describe
from mercato_dev.distributions import TOOLS, find_distributions

ROOT = Path(__file__).parents[4]
SOURCE = ROOT / "packages/platform/dev/src/mercato_dev"
AUTHOR = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"]

TESTED_WITH = ["pytest>=9.2", "pytest-xdist>=3.8"]
PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "mercato-{name}"
version = "{version}"
description = "Fruit."
readme = "README.md"
license = "MIT"
license-files = ["LICENSE"]
requires-python = ">=3.11"
classifiers = ["Typing :: Typed"]
dependencies = {needs}

[dependency-groups]
test = ["pytest>=9.2", "pytest-xdist>=3.8"]

[tool.hatch.build.targets.wheel]
packages = ["src/mercato_{name}"]

[tool.hatch.build.targets.sdist]
include = ["/CHANGELOG.md", "/src", "/tests"]
"""

ENTRY_POINT = """
[project.entry-points."mercato.features"]
{name} = "mercato_{name}.feature:feature"
"""

CHANGELOG = """
# Changelog

## {version} - 2026-11-01

- Ripe.
"""

TEST = """
import mercato_{name}


def test_imports():
    assert mercato_{name}.__doc__
"""

UNSTEADY_HOOK = """
import os
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        Path(self.root, "src/mercato_apples/feature.py").write_text(f"x = {os.urandom(9)!r}")
"""
"""A build hook whose output differs each time."""


def write_distribution(
    root: Path,
    name: str,
    *,
    code: str = "",
    needs: str = "[]",
    version: str = "0.1.0",
    home: str = "packages",
) -> None:
    """Write a small distribution that can be published, into a folder of *home*."""
    folder = root / home / name
    package = folder / "src" / f"mercato_{name}"
    package.mkdir(parents=True, exist_ok=True)
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "README.md").write_text(name)
    (folder / "LICENSE").write_text("MIT")
    (folder / "CHANGELOG.md").write_text(CHANGELOG.format(version=version))
    settings = PYPROJECT.format(name=name, needs=needs, version=version)
    (folder / "pyproject.toml").write_text(settings)
    (package / "py.typed").touch()
    (folder / "tests/test_it.py").write_text(TEST.format(name=name))
    (package / "__init__.py").write_text(f'"""{name}"""\n{code}\n')


def write_feature(root: Path, name: str, **options: str) -> None:
    """Write a small feature that can be published."""
    write_distribution(root, name, **options)
    package = root / "packages" / name / "src" / f"mercato_{name}"
    with (root / "packages" / name / "pyproject.toml").open("a") as settings:
        settings.write(ENTRY_POINT.format(name=name))
    (package / "migrations/versions").mkdir(parents=True, exist_ok=True)
    for path in ("feature.py", "models.py", "migrations/versions/0001_initial.py"):
        (package / path).touch()


def write(root: Path, path: str, content: str = "") -> Path:
    """Write a file and its folders."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def write_surfaces(root: Path) -> None:
    """Write the surface.json of each distribution of a workspace without a host."""
    found = [*root.glob("packages/*/pyproject.toml"), *root.glob("packages/*/*/pyproject.toml")]
    for pyproject in found:
        pyproject.with_name("surface.json").write_text(describe(pyproject.parent, with_host=False))


def git(root: Path, *words: str) -> None:
    """Run git in *root* as Ada."""
    subprocess.run(["git", *AUTHOR, *words], cwd=root, check=True)


def commit(root: Path) -> None:
    """Commit everything with current surfaces."""
    write_surfaces(root)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message=apples: ripen")


def tag(root: Path, *names: str) -> None:
    """Make annotated tags of HEAD."""
    for name in names:
        git(root, "tag", "--annotate", f"--message={name}", name)


def begin_changelog(root: Path, name: str, home: str = "packages") -> None:
    """Write a changelog without releases, and a fragment."""
    folder = root / home / name
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n<!-- towncrier release notes start -->\n")
    (folder / "changes").mkdir()
    (folder / "changes/+first.added.md").write_text("Everything.")


def copy_settings(root: Path) -> None:
    """Copy the noxfile, the sessions and the settings of the tools."""
    for name in ("noxfile.py", "pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(SOURCE, root / SOURCE.relative_to(ROOT))


def stand_in(root: Path) -> None:
    """Replace slow sessions by those in stand_ins.py."""
    sessions = root / SOURCE.relative_to(ROOT) / "sessions.py"
    tree = ast.parse(sessions.read_text())
    kept = {"build", "gates", "release", "surface"}
    tree.body = [
        node
        for node in tree.body
        if not isinstance(node, ast.FunctionDef) or not node.decorator_list or node.name in kept
    ]
    stand_ins = Path(__file__).with_name("stand_ins.py").read_text()
    sessions.write_text(ast.unparse(tree))
    noxfile = root / "noxfile.py"
    noxfile.write_text(f"{noxfile.read_text()}\n\n{stand_ins}")


@functools.cache
def warm_cache() -> Path:
    """Download what sessions install, so that they run offline; return a folder for wheels."""
    folder = Path(tempfile.mkdtemp(prefix="orchard-"))
    atexit.register(shutil.rmtree, folder)
    venv = folder / "venv"
    subprocess.run(["uv", "venv", "--quiet", f"--python={sys.executable}", venv], check=True)
    install = ["uv", "pip", "install", "--quiet", f"--python={venv}"]
    groups = tomllib.loads(TOOLS.read_text())["dependency-groups"]
    tools = [f"--group={TOOLS}:{name}" for name in groups]
    subprocess.run([*install, *tools, *TESTED_WITH], check=True)
    # The lowest versions, for the session ``lowest``.
    subprocess.run([*install, "--resolution=lowest-direct", *TESTED_WITH], check=True)
    return folder


def use_built_wheels(root: Path, cache: Path) -> None:
    """Copy wheels into dist/ whose sources another workspace had, too."""
    for item in find_distributions(root):
        for file in cache.glob(f"{item.digest()}/*"):
            (root / "dist").mkdir(exist_ok=True)
            shutil.copy2(file, root / "dist")


def keep_built_wheels(root: Path, cache: Path) -> None:
    """Copy the wheels in dist/ for other workspaces."""
    for stamp in root.glob("dist/*.sha256"):
        kept = cache / stamp.read_text()
        if not kept.exists():
            kept.mkdir()
            for file in (stamp, stamp.with_suffix(".whl")):
                shutil.copy2(file, kept)


def run_session(root: Path, session: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a nox session in *root*, offline unless ``UV_OFFLINE`` says otherwise."""
    cache = warm_cache()
    use_built_wheels(root, cache)
    if session.startswith(("compat", "lowest", "tests")):
        # The workspaces have a test or two.
        options = (*options, "--", "-n0")
    command = [sys.executable, "-m", "nox", "--session", session, *options]
    env = {"UV_OFFLINE": "true", **os.environ}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    keep_built_wheels(root, cache)
    return done
