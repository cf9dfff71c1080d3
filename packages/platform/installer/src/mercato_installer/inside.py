"""Commands that are run in an environment, by its own interpreter and with its own packages."""

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from mercato_composition.faults import DeploymentError, Fault, Outside, Place
from mercato_composition.faults.documents import from_document
from mercato_installer.environments import Environment
from mercato_installer.tools import clean_environment

PENDING = "K302"
"""The code of pending migrations, which a deploy applies."""


class Migration(msgspec.Struct, frozen=True):
    """A pending migration. ``waits``: it needs ``mercato deploy --finish``."""

    revision: str
    phase: str
    summary: str = ""
    waits: bool = False


class Step(msgspec.Struct, frozen=True, rename={"before": "from"}):
    """The pending migrations of a feature, whose tables are at the revision ``before``."""

    feature: str
    before: str | None
    migrations: tuple[Migration, ...]


class Kept(msgspec.Struct, frozen=True):
    """The rows of a feature that the deployment does not name."""

    feature: str
    rows: int


class DatabasePlan(msgspec.Struct, frozen=True):
    """What ``mercato db plan --json`` prints."""

    heads: dict[str, str] = {}
    steps: tuple[Step, ...] = ()
    kept: tuple[Kept, ...] = ()


class Route(msgspec.Struct, frozen=True, order=True):
    """A route of a feature."""

    route: str
    method: str


class _Routes(msgspec.Struct, frozen=True):
    routes: tuple[Route, ...]


class Inside:
    """Runs ``mercato`` in an environment.

    Each method takes the environment, the deployment file that the command reads, and the path
    that messages show instead of it.
    """

    def check(
        self, chosen: Environment, file: Path, shown: Path, *, offline: bool = False
    ) -> list[Fault]:
        """Run ``mercato check``, and return its faults; pending migrations are left out.

        Raises:
            DeploymentError: It did not run (K120).
        """
        options = ["--offline"] if offline else []
        done = _run(chosen, file, shown, ["check", "--json", *options])
        try:
            found = json.loads(done.stdout)["faults"]
        except (ValueError, KeyError) as error:
            raise _failed("check", chosen, shown, done) from error
        return [from_document(one) for one in found if one["code"] != PENDING]

    def database(self, chosen: Environment, file: Path, shown: Path) -> DatabasePlan:
        """Run ``mercato db plan``."""
        done = _run(chosen, file, shown, ["db", "plan", "--json"])
        if done.returncode:
            raise _failed("db plan", chosen, shown, done)
        return msgspec.json.decode(done.stdout, type=DatabasePlan)

    def routes(self, chosen: Environment, file: Path, shown: Path) -> tuple[Route, ...]:
        """Run ``mercato routes``."""
        done = _run(chosen, file, shown, ["routes", "--json"])
        if done.returncode:
            raise _failed("routes", chosen, shown, done)
        return msgspec.json.decode(done.stdout, type=_Routes).routes

    def upgrade(
        self,
        chosen: Environment,
        file: Path,
        shown: Path,
        *,
        contract: bool,
        on_progress: Callable[[str], None],
    ) -> None:
        """Run ``mercato db upgrade``.

        Raises:
            DeploymentError: A migration failed; what was applied before is kept.
        """
        options = ["--contract"] if contract else []
        done = _run(chosen, file, shown, ["db", "upgrade", *options])
        for line in done.stdout.splitlines():
            on_progress(f"  {line}")
        if done.returncode:
            raise _failed("db upgrade", chosen, shown, done)


def _run(
    chosen: Environment, file: Path, shown: Path, arguments: Sequence[str]
) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(  # noqa: S603 - our own command, in an environment of admitted wheels
        [
            *(str(chosen.python), "-I", "-m", "mercato_composition"),
            f"--deployment={file}",
            *arguments,
        ],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    # A release's copy of the file is read; the operator has to correct the file itself.
    done.stdout = done.stdout.replace(str(file), str(shown))
    done.stderr = done.stderr.replace(str(file), str(shown))
    return done


def _failed(
    command: str, chosen: Environment, shown: Path, done: "subprocess.CompletedProcess[str]"
) -> DeploymentError:
    output = "\n".join(done.stderr.strip().splitlines()[-30:])
    what = f"`mercato {command}` failed in {chosen.folder}:\n{output}"
    fix = "correct it, and run the same command again; the current environment is unchanged"
    return DeploymentError([Fault("K120", Place(file=shown.name), what, (Outside(fix),))])
