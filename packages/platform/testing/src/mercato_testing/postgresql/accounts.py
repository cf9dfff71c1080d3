"""The account that runs PostgreSQL, which refuses to run as root."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

Account = Literal["self", "namespace", "nobody"]

_IN_NAMESPACE = ["unshare", "--user", "--map-user=1000", "--"]


def usable_account() -> Account:
    """Return the least intrusive account that PostgreSQL can run as here.

    Returns:
        "self" for an ordinary user; for root "namespace", a user namespace in which root is user
        1000, or the user "nobody" if the system forbids user namespaces.
    """
    if os.geteuid() != 0:
        return "self"
    return "namespace" if _namespaces_are_allowed() else "nobody"


def command_prefix(account: Account) -> list[str]:
    """Return the words that run a command as *account*; the process keeps its id."""
    if account == "namespace":
        return _IN_NAMESPACE
    if account == "nobody":
        nobody = pwd.getpwnam("nobody")
        return [
            "setpriv",
            f"--reuid={nobody.pw_uid}",
            f"--regid={nobody.pw_gid}",
            "--clear-groups",
            "--",
        ]
    return []


def give_to(account: Account, path: Path) -> None:
    """Make *account* the owner of *path* and everything below it, without following links."""
    if account != "nobody":
        return
    nobody = pwd.getpwnam("nobody")
    for entry in [path, *path.rglob("*")]:
        os.chown(entry, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)


def new_public_directory() -> Path:
    """Make a new directory that every account can enter, and return it."""
    # The temporary directory of this user may be private. The name below is random.
    folders = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    parent = next((folder for folder in folders if _is_public(folder)), folders[0])
    directory = Path(tempfile.mkdtemp(prefix="mercato-postgresql-", dir=parent))
    directory.chmod(0o755)
    return directory


def _namespaces_are_allowed() -> bool:
    if shutil.which("unshare") is None:
        return False
    probe = [*_IN_NAMESPACE, "true"]
    tried = subprocess.run(probe, capture_output=True, check=False)  # noqa: S603
    return tried.returncode == 0


def _is_public(folder: Path) -> bool:
    return folder.is_dir() and all(
        step.stat().st_mode & 0o001 for step in [folder, *folder.resolve().parents]
    )
