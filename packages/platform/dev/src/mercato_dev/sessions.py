"""The nox sessions of a repository of features; its noxfile imports them from here.

Distributions are found by folder, never listed: a new folder under ``packages`` takes part at once.
Each is installed from its wheel, into an environment that holds what it declares and nothing else,
so a forgotten requirement fails instead of being lent by a neighbour.
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
# One folder an interpreter: nox would hand an environment of 3.11 to 3.13.
nox.options.envdir = f".nox/{sys.version_info.major}.{sys.version_info.minor}"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "boundaries", "tests"]

# Parameters are plain values, all of them: what nox reports of a run is JSON.
SHORT = [nox.param(item.short, id=item.short) for item in DISTRIBUTIONS]
# What is released together has one version: the platform, or one distribution.
RELEASED = [nox.param(unit.short, id=unit.short) for unit in UNITS]


@nox.session
def build(session: nox.Session) -> None:
    """Build a wheel of every distribution into dist/, where its sources changed."""
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
    """Define the session ``tests``: each wheel by itself, and what a noxfile adds.

    Args:
        together: Parameters of more runs: requirements, the dependency group of their tests, and
            the folder of the tests.
    """

    @nox.session(requires=["build"])
    @nox.parametrize("wanted, group, folder", [*ALONE, *together])
    def tests(session: nox.Session, wanted: list[str], group: str, folder: str) -> None:
        """Test each wheel beside nothing but what it declares; then all of them together."""
        provide(session, *wanted, groups=[group])
        run_tests(session, folder)


def run_tests(session: nox.Session, folder: str) -> None:
    """Run the tests in *folder*, with what was typed behind ``--``."""
    # These below are run by sessions of their own.
    others = [
        f"--ignore={folder}/{name}" for name in ("pgbouncer", "redis", "rehearsal", "together")
    ]
    where = [f"--config-file={WORKSPACE}", *others, folder]
    session.run("pytest", "-n2", *where, *session.posargs, env=CLEAN)


CLOSURES = [
    nox.param(item.name, extras, id="+".join([item.short, *extras]))
    for item in DISTRIBUTIONS
    for extras in [[], *([extra] for extra in item.extras)]
]


@nox.session(requires=["build"])
@nox.parametrize("name, extras", CLOSURES)
def imports(session: nox.Session, name: str, extras: list[str]) -> None:
    """Import every module of a wheel where nothing is installed but what it declares."""
    provide(session, with_extras(name, extras))
    # Who imports the module mercato_host.app boots it: here, a host without features.
    deployment = place(session, "deployment.toml")
    deployment.write_text('environment = "testing"\n')
    # Isolated: neither the folder we are in nor the user's own packages can lend a module.
    command = ["python", "-I", str(PROGRAMS / "imports.py"), name, *extras]
    session.run(*command, env=CLEAN | {"MERCATO_DEPLOYMENT": str(deployment)})


@nox.session(requires=["build"])
@nox.parametrize("short", SHORT)
def lowest(session: nox.Session, short: str) -> None:
    """Test a wheel with the lowest version of everything that it declares."""
    item = find_distribution(short)
    provide_lowest(session, item)
    run_tests(session, f"{item.folder}/tests")


@nox.session(requires=["build"])
@nox.parametrize("short", RELEASED)
def compat(session: nox.Session, short: str) -> None:
    """Test a feature with each released platform; the platform with the released features' tests.

    ``MERCATO_INDEX`` names the index; without it, the tags of this repository are what is released.
    """
    prove_compatible(session, find_unit(short))


@nox.session(requires=["build"])
def surface(session: nox.Session) -> None:
    """Write what distributions show to others into their surface.json: all, or ``-- orders``.

    ``-- --check`` writes nothing, and fails where a file is not what the code shows.
    """
    write_surfaces(session)


@nox.session(requires=["build"])
@nox.parametrize("short", RELEASED)
def gates(session: nox.Session, short: str) -> None:
    """Say what blocks a release: first all that can be seen, then the sessions that are red."""
    pass_gates(session, find_unit(short))


@nox.session(requires=["build"])
def release(session: nox.Session) -> None:
    """Raise the version by what the changes need, prove it, commit and tag: ``-- orders``.

    ``-- platform`` releases all distributions of the platform as one. Uploads nothing.
    ``-- orders --dry-run`` says only what would be done, and why.
    """
    run_release(session)


@nox.session
def publish(session: nox.Session) -> None:
    """Build a tag twice, check it, and upload it: ``-- orders-v1.2.0``; ``-- --help`` says where.

    Without ``--to`` it says what it would upload.
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
    # All but config.yml.
    "github-issue-forms": "ISSUE_TEMPLATE/[!c]*.yml",
}


@nox.session
def workflows(session: nox.Session) -> None:
    """Check what GitHub reads: against its schemas, and with zizmor for what is unsafe."""
    provide(session, groups=[f"{TOOLS}:workflows"])
    for schema, pattern in GITHUB_SCHEMAS.items():
        files = sorted(str(file) for file in ROOT.glob(f".github/{pattern}"))
        session.run("check-jsonschema", f"--builtin-schema=vendor.{schema}", *files)
    session.run("zizmor", "--offline", "--no-progress", "--persona=pedantic", ".github")


@nox.session(requires=["build"])
def types(session: nox.Session) -> None:
    """Check the types of every distribution with mypy at its strictest."""
    tests = [f"{item.pyproject}:test" for item in DISTRIBUTIONS]
    provide(session, *EVERYTHING, groups=[*tests, f"{TOOLS}:types"])
    sources = [str(item.source) for item in DISTRIBUTIONS]
    path = os.pathsep.join([*sources, str(PROGRAMS)])
    session.run("mypy", "--exclude=/programs/", *sources, env=PLAIN | {"MYPYPATH": path})
    if PROGRAMS.is_relative_to(ROOT):
        # They are no package: each finds its own modules beside it.
        session.run("mypy", str(PROGRAMS), env=PLAIN | {"MYPYPATH": path})


@nox.session
def boundaries(session: nox.Session) -> None:
    """Check with import-linter that no distribution imports one it must not know."""
    provide(session, groups=[f"{TOOLS}:boundaries"])
    settings = place(session, "boundaries.toml")
    settings.write_text(describe_boundaries())
    sources = os.pathsep.join(str(item.source) for item in DISTRIBUTIONS)
    session.run(
        "lint-imports", f"--config={settings}", "--no-cache", env=PLAIN | {"PYTHONPATH": sources}
    )
