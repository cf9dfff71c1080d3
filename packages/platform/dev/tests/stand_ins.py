"""Sessions with a given outcome, for the end of a noxfile; see ``orchard.stand_in``."""

import json
import os
import signal

import nox

from mercato_dev.distributions import DISTRIBUTIONS, ROOT, find_distribution
from mercato_dev.units import UNITS


def act(session: nox.Session, name: str) -> None:
    """Print the arguments, and end as ``ORCHARD`` says for *name*, e.g. ``{"lint": "fail"}``."""
    session.log(f"Here is {name} with {session.posargs} below {session.cache_dir.parent}")
    match json.loads(os.environ.get("ORCHARD", "{}")).get(name):
        case "fail":
            session.error("as ORCHARD says")
        case "skip":
            session.skip("as ORCHARD says")
        case "interrupt":
            raise KeyboardInterrupt
        case "interrupt all":
            # On Ctrl-C, a terminal also interrupts the parent process.
            os.kill(os.getppid(), signal.SIGINT)
            raise KeyboardInterrupt
        case "write":
            (ROOT / "meanwhile.txt").touch()


def define(name: str) -> None:
    """Define a session for the whole workspace."""

    @nox.session(name=name, venv_backend="none")
    def whole(session: nox.Session) -> None:
        act(session, name)


def define_each(name: str) -> None:
    """Define a session for each distribution."""

    @nox.session(name=name, venv_backend="none")
    @nox.parametrize("short", [nox.param(item.short, id=item.short) for item in DISTRIBUTIONS])
    def each(session: nox.Session, short: str) -> None:
        session.log(f"{short} is {find_distribution(short).project['version']} here")
        act(session, f"{name}({short})")


def define_each_unit(name: str) -> None:
    """Define a session for each release unit."""

    @nox.session(name=name, venv_backend="none")
    @nox.parametrize("short", [nox.param(unit.short, id=unit.short) for unit in UNITS])
    def each(session: nox.Session, short: str) -> None:
        act(session, f"{name}({short})")


for one in ("lint", "types", "boundaries", "combinations", "pace"):
    define(one)
for one in ("imports", "tests", "lowest"):
    define_each(one)
define_each_unit("compat")
