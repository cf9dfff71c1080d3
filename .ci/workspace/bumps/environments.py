"""Environments for programs that look at wheels of ours, other than the one of the session."""

import json
import sys
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nox

from workspace.distributions import digest
from workspace.environments import PLAIN


@dataclass(frozen=True)
class Environment:
    """An environment of its own.

    Args:
        folder: Where it is.
    """

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin/python"

    @property
    def pins(self) -> Path:
        """What it holds: a line for each distribution, ``name==version`` or ``name @ URL``."""
        return self.folder.with_suffix(".txt")

    @property
    def libraries(self) -> list[str]:
        """What it holds that is not ours, as ``name==version``."""
        return [line for line in self.pins.read_text().splitlines() if "==" in line]

    def holds(self, name: str) -> bool:
        """Tell whether one of our distributions is there."""
        return any(line.startswith(f"{name} @ ") for line in self.pins.read_text().splitlines())


def make_environment(
    session: nox.Session,
    folder: Path,
    wanted: Sequence[str],
    wheels: Mapping[str, Path],
    libraries: Sequence[str] = (),
) -> Environment | None:
    """Make an environment that holds what is wanted and what that declares, and nothing else.

    One that is right already is left alone.

    Args:
        session: The one that asks.
        folder: Where the environment is, or will be.
        wanted: Requirements, by name.
        wheels: What to take for our own distributions, by name. Those wanted are among them: an
            index may have something else of the same name.
        libraries: Versions to take of others, as ``name==version``; of the rest, the newest.

    Returns:
        The environment; nothing where these do not go together.
    """
    if strangers := set(wanted) - set(wheels):
        raise ValueError(f"there is no wheel of {', '.join(sorted(strangers))}")
    made = Environment(folder)
    state = json.dumps([wanted, digest(wheels.values()), libraries])
    stamp = folder / "made_of.json"
    if stamp.exists() and stamp.read_text() == state:
        return made

    folder.parent.mkdir(parents=True, exist_ok=True)
    for file in (stamp, made.pins):
        file.unlink(missing_ok=True)
    ours = [f"{name} @ {wheel.as_uri()}" for name, wheel in wheels.items()]
    asked, limits = folder.with_suffix(".in"), folder.with_suffix(".limits")
    asked.write_text("\n".join(wanted))
    limits.write_text("\n".join([*ours, *libraries]))
    command = ["uv", "pip", "compile", "--no-header", "--no-annotate", f"--constraint={limits}"]
    command += [f"--python={sys.executable}", f"--output-file={made.pins}", str(asked)]
    # It writes no file where there is no solution.
    said = session.run(*command, env=PLAIN, silent=True, log=False, success_codes=range(256))
    if not made.pins.exists():
        session.log(f"{said}")
        return None
    if not made.python.exists():
        venv = ["uv", "venv", f"--python={sys.executable}", str(folder)]
        session.run(*venv, env=PLAIN, silent=True, log=False)
    sync = ["uv", "pip", "sync", f"--python={made.python}", str(made.pins)]
    session.run(*sync, env=PLAIN, silent=True, log=False)
    stamp.write_text(state)
    return made
