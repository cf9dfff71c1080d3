"""Change and release distributions as a team does."""

import subprocess
from pathlib import Path

from .orchard import run_session, write_surfaces

BEFORE = "def peel(times):\n    return times\n"


class Team:
    """A workspace under git, and what a team does in it."""

    def __init__(self, root: Path, environments: Path, *shown: str) -> None:
        """Make a team.

        Args:
            root: The workspace.
            environments: The folder of the environments of nox.
            shown: The distributions whose surfaces need a host.
        """
        self.root = root
        self.environments = environments
        self.shown = shown

    def git(self, *words: str) -> str:
        """Run git, and return its output without the last line feed."""
        command = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.com", *words]
        done = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.removesuffix("\n")

    def write(self, path: str, text: str, name: str = "apples") -> None:
        """Write a file of a distribution."""
        file = self.root / "packages" / name / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def read(self, path: str) -> str:
        """Read a file of apples."""
        return (self.root / "packages/apples" / path).read_text()

    def write_code(self, code: str) -> None:
        """Write the code of apples."""
        self.write("src/mercato_apples/__init__.py", f'"""Apples."""\n\n\n{code}')

    def write_version(self, version: str) -> None:
        """Write the version of apples into its pyproject.toml."""
        file = self.root / "packages/apples/pyproject.toml"
        (line,) = (one for one in file.read_text().splitlines() if one.startswith("version"))
        file.write_text(file.read_text().replace(line, f'version = "{version}"'))

    def commit(self) -> None:
        """Commit everything with current surfaces."""
        if self.shown:
            envdir = f"--envdir={self.environments}"
            done = run_session(self.root, "surface", envdir, "--", *self.shown)
            assert done.returncode == 0, done.stdout + done.stderr
        else:
            write_surfaces(self.root)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=apples: ripen")

    def change(self, code: str, **fragments: str) -> None:
        """Change the code of apples, write fragments (text by type), and commit."""
        self.write_code(code)
        for kind, text in fragments.items():
            self.write(f"changes/+change.{kind}.md", text)
        self.commit()

    def release(self, *words: str) -> str:
        """Run a release, by default of apples, and return its output."""
        done = self.run(*(words or ["apples"]))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def refuse(self, *words: str) -> str:
        """Run a release that must fail without any change, and return its output."""
        before = self.state()
        done = self.run(*(words or ["apples"]))
        assert done.returncode != 0, done.stdout + done.stderr
        assert self.state() == before
        return done.stdout + done.stderr

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the session ``release``."""
        return run_session(self.root, "release", f"--envdir={self.environments}", "--", *words)

    def state(self) -> tuple[str, str, str]:
        """Return everything that a release changes."""
        return self.git("log"), self.git("tag"), self.git("status", "--porcelain")
