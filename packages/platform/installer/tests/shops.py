"""A deployment in its own folder, whose features are in an index."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from mercato_composition.commands.frame import mercato
from mercato_composition.deployment import packages
from mercato_composition.deployment.places import Places
from mercato_dev.wheel_writer import write_wheel

FEATURE = """
from mercato_kit.feature import Feature

feature = Feature(name={name!r}, summary="For a test.")
"""


class Shop:
    """A deployment file, its index, and the commands that are run beside it."""

    def __init__(self, folder, index):
        self._take(folder)
        self.folder.mkdir()
        self.index = index
        self.choose("alpha")

    def _take(self, folder):
        self.folder = folder
        self.file = folder / "deployment.toml"
        self.trace = folder / "hostile-code-ran"

    @classmethod
    def at(cls, folder):
        """Return the deployment that another process has made in a folder."""
        shop = cls.__new__(cls)
        shop._take(Path(folder))
        return shop

    @property
    def requirements(self):
        """What the deployment file requires."""
        return packages.read(self.file, {})

    @property
    def places(self):
        """The paths of the lock and the environments."""
        return Places.of(self.file)

    @property
    def environments(self):
        """The names of the environments, sorted."""
        files = self.places.environments.glob("*/pyvenv.cfg")
        return sorted(it.parent.name for it in files if not it.parent.is_symlink())

    def choose(self, *features, environment="testing", index=None, more="", port=0):
        """Write a deployment file with these features."""
        named = "".join(f"[features.{name}]\n" for name in features)
        url = index or self.index.url
        listen = f"port = {port}\n" if port else ""
        self.file.write_text(
            f'environment = "{environment}"\n[server]\nhosts = ["shop.example"]\n'
            f"trusted_proxies = 0\n{listen}"
            f'[index]\nurl = "{url}"\n{named}{more}'
        )

    def offer(self, name="alpha", version="1.0", *, source=None, files=None, **more):
        """Put the wheel of a feature into the index."""
        package = f"mercato_{name}"
        files = {f"{package}/__init__.py": source or FEATURE.format(name=name), **(files or {})}
        more.setdefault("requires", ["mercato-kit"])
        more.setdefault("entry_points", {"mercato.features": {name: f"{package}:feature"}})
        return write_wheel(self.index.folder, f"mercato-{name}", version, files, **more)

    @property
    def hostile(self):
        """Code that creates the file `trace` when it runs."""
        return f"open({str(self.trace)!r}, 'w').close()\n"

    def mercato(self, *arguments):
        """Run the command line in this process."""
        return CliRunner().invoke(mercato, [f"--deployment={self.file}", *arguments])

    def start(self, *arguments, **environ):
        """Start the command line in a new process."""
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mercato_composition",
                f"--deployment={self.file}",
                *arguments,
            ],
            env={**os.environ, **environ},
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def installed(self, *arguments, **environ):
        """Run the `mercato` of the current environment."""
        return subprocess.run(
            [self.places.current / "bin" / "mercato", f"--deployment={self.file}", *arguments],
            env={"PATH": os.environ["PATH"], **environ},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
