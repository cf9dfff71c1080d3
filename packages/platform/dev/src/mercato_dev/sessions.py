"""The nox sessions of a repository of features; a noxfile imports them.

Distributions are found by their folders, so a new folder in ``packages`` needs no registration.
Each is installed from its wheel into an environment with only what it declares, so an undeclared
requirement fails.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

import nox

from mercato_dev.boundaries import describe_boundaries
from mercato_dev.compatibility import prove_compatible
from mercato_dev.distributions import (
    DISTRIBUTIONS,
    EVERYTHING,
    PROGRAMS,
    ROOT,
    TEST_GROUPS,
    TOOLS,
    WORKSPACE,
    find_distribution,
    with_extras,
)
from mercato_dev.environments import CLEAN, PLAIN, place, provide
from mercato_dev.floors import provide_lowest
from mercato_dev.gates import pass_gates
from mercato_dev.publish import publish_release
from mercato_dev.release import run_release
from mercato_dev.surfaces.snapshots import write_surfaces
from mercato_dev.units import UNITS, find_unit
from mercato_dev.wheels import build_wheel, is_built

nox.needs_version = ">=2026.10.20"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = True
# A folder for each version of Python, because nox would reuse an environment of 3.11 for 3.13.
nox.options.envdir = f".nox/{sys.version_info.major}.{sys.version_info.minor}"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "boundaries", "tests"]

# Parameters are plain values, because the report of nox is JSON.
SHORT = [nox.param(item.short, id=item.short) for item in DISTRIBUTIONS]
RELEASED = [nox.param(unit.short, id=unit.short) for unit in UNITS]


@nox.session
def build(session: nox.Session) -> None:
    """Build a wheel of each distribution whose sources changed, into dist/."""
    stale = [item for item in DISTRIBUTIONS if not is_built(item)]
    if stale:
        provide(session, groups=[f"{TOOLS}:build"])
    for item in stale:
        build_wheel(session, item)


ALONE = [
    nox.param([item.name], f"{item.pyproject}:test", f"{item.folder}/tests", id=item.short)
    for item in DISTRIBUTIONS
]


def define_tests(together: Sequence[Any] = ()) -> None:
    """Define the session ``tests``: each wheel alone, and what a noxfile adds.

    Args:
        together: Parameters of more runs: requirements, the dependency group of the tests, and
            their folder.
    """

    @nox.session(requires=["build"])
    @nox.parametrize("wanted, group, folder", [*ALONE, *together])
    def tests(session: nox.Session, wanted: list[str], group: str, folder: str) -> None:
        """Test each wheel with only what it declares, then all of them together."""
        provide(session, *wanted, groups=[group])
        run_tests(session, folder)


OTHERS = ("browser", "clients", "front", "pgbouncer", "redis", "rehearsal", "siege", "together")
"""Folders of tests that are run by sessions of their own."""


def run_tests(session: nox.Session, folder: str) -> None:
    """Run the tests in *folder*, with the arguments behind ``--``."""
    others = [f"--ignore={folder}/{name}" for name in OTHERS]
    where = [f"--config-file={WORKSPACE}", *others, folder]
    session.run("pytest", "-n3", *where, *session.posargs, env=CLEAN)


CLOSURES = [
    nox.param(item.name, extras, id="+".join([item.short, *extras]))
    for item in DISTRIBUTIONS
    for extras in [[], *([extra] for extra in item.extras)]
]


@nox.session(requires=["build"])
@nox.parametrize("name, extras", CLOSURES)
def imports(session: nox.Session, name: str, extras: list[str]) -> None:
    """Import every module of a wheel with only what it declares."""
    provide(session, with_extras(name, extras))
    # Importing mercato_host.app boots it, so it needs a deployment file.
    deployment = place(session, "deployment.toml")
    deployment.write_text('environment = "testing"\n')
    # Isolated: no module of the current folder or the user's packages can be imported.
    command = ["python", "-I", str(PROGRAMS / "imports.py"), name, *extras]
    session.run(*command, env=CLEAN | {"MERCATO_DEPLOYMENT": str(deployment)})


@nox.session(requires=["build"])
@nox.parametrize("short", SHORT)
def lowest(session: nox.Session, short: str) -> None:
    """Test a wheel with the lowest versions that it declares."""
    item = find_distribution(short)
    provide_lowest(session, item)
    run_tests(session, f"{item.folder}/tests")


@nox.session(requires=["build"])
@nox.parametrize("short", RELEASED)
def compat(session: nox.Session, short: str) -> None:
    """Test a feature with released platforms, or the platform with released features.

    Releases are in the index ``MERCATO_INDEX``; without it, they are the tags of this repository.
    """
    prove_compatible(session, find_unit(short))


@nox.session(requires=["build"])
def surface(session: nox.Session) -> None:
    """Write what distributions show to others to their surface.json: all, or ``-- orders``.

    ``-- --check`` writes nothing, and fails if a file differs from what the code shows.
    """
    write_surfaces(session)


@nox.session(requires=["build"])
@nox.parametrize("short", RELEASED)
def gates(session: nox.Session, short: str) -> None:
    """Print what blocks a release: faults, or else the sessions that fail."""
    pass_gates(session, find_unit(short))


@nox.session(requires=["build"])
def release(session: nox.Session) -> None:
    """Raise the version by what the changes need, prove it, commit and tag: ``-- orders``.

    ``-- platform`` releases all distributions of the platform together. Uploads nothing.
    ``-- orders --dry-run`` only prints what would be done, and why.
    """
    run_release(session)


@nox.session
def publish(session: nox.Session) -> None:
    """Build a tag twice, check it, and upload it: ``-- orders-v1.2.0``; ``-- --help`` says where.

    Without ``--to`` it prints what it would upload.
    """
    publish_release(session)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format with ruff."""
    provide(session, groups=[f"{TOOLS}:lint"])
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


GITHUB_SCHEMAS = {
    "github-workflows": "workflows/*.yml",
    "dependabot": "dependabot.yml",
    "github-issue-config": "ISSUE_TEMPLATE/config.yml",
    # All files except config.yml.
    "github-issue-forms": "ISSUE_TEMPLATE/[!c]*.yml",
}


@nox.session
def workflows(session: nox.Session) -> None:
    """Check the files in .github against their schemas, and the workflows with zizmor."""
    provide(session, groups=[f"{TOOLS}:workflows"])
    for schema, pattern in GITHUB_SCHEMAS.items():
        files = sorted(str(file) for file in ROOT.glob(f".github/{pattern}"))
        session.run("check-jsonschema", f"--builtin-schema=vendor.{schema}", *files)
    session.run("zizmor", "--offline", "--no-progress", "--persona=pedantic", ".github")


@nox.session(requires=["build"])
def types(session: nox.Session) -> None:
    """Check the types of every distribution with mypy in strict mode."""
    provide(session, *EVERYTHING, groups=[*TEST_GROUPS, f"{TOOLS}:types"])
    sources = [str(item.source) for item in DISTRIBUTIONS]
    path = os.pathsep.join([*sources, str(PROGRAMS)])
    session.run("mypy", "--exclude=/programs/", *sources, env=PLAIN | {"MYPYPATH": path})
    if PROGRAMS.is_relative_to(ROOT):
        # They are scripts: each imports modules beside it.
        session.run("mypy", str(PROGRAMS), env=PLAIN | {"MYPYPATH": path})


@nox.session
def boundaries(session: nox.Session) -> None:
    """Check with import-linter that distributions import only those that they may import."""
    provide(session, groups=[f"{TOOLS}:boundaries"])
    settings = place(session, "boundaries.toml")
    settings.write_text(describe_boundaries())
    sources = os.pathsep.join(str(item.source) for item in DISTRIBUTIONS)
    session.run(
        "lint-imports", f"--config={settings}", "--no-cache", env=PLAIN | {"PYTHONPATH": sources}
    )
