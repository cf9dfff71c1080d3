"""Every command a person types: ``nox -l`` lists them, ``nox`` alone runs what a change must pass.

Distributions are found by folder, never listed here: a new folder under ``packages`` takes part at
once. Each is installed from its wheel, into an environment that holds what it declares and nothing
else, so a forgotten requirement fails instead of being lent by a neighbour.

What the commands are made of is in ``.ci/workspace``.
"""

import itertools
import os
import shutil
import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent / ".ci"))

from workspace.boundaries import describe_boundaries
from workspace.compatibility import prove_compatible
from workspace.distributions import DISTRIBUTIONS
from workspace.distributions import EVERYTHING
from workspace.distributions import ROOT
from workspace.distributions import WORKSPACE
from workspace.distributions import digest
from workspace.distributions import find_distribution
from workspace.distributions import with_extras
from workspace.environments import CLEAN
from workspace.environments import PLAIN
from workspace.environments import place
from workspace.environments import provide
from workspace.floors import provide_lowest
from workspace.gates import pass_gates
from workspace.home import HOME
from workspace.publishing import publish_release
from workspace.releasing import run_release
from workspace.shop import chosen_wheels
from workspace.shop import run_shop
from workspace.surfaces.snapshots import write_surfaces
from workspace.units import UNITS
from workspace.units import find_unit
from workspace.wheels import build_wheel
from workspace.wheels import is_built

nox.needs_version = ">=2026.10.20"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = True

# One folder an interpreter: nox would hand an environment of 3.11 to 3.13.
nox.options.envdir = f".nox/{sys.version_info.major}.{sys.version_info.minor}"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "boundaries", "tests"]
TOGETHER = f"{ROOT}/host/pyproject.toml:together"

# Parameters are plain values, all of them: what nox reports of a run is JSON.
SHORT = [nox.param(item.short, id=item.short) for item in DISTRIBUTIONS]
# What is released together has one version: the platform, or one distribution.
RELEASED = [nox.param(unit.short, id=unit.short) for unit in UNITS]


@nox.session
def build(session: nox.Session) -> None:
    """Build a wheel of every distribution into dist/, where its sources changed."""
    stale = [item for item in DISTRIBUTIONS if not is_built(item)]
    if stale:
        provide(session, groups=[f"{WORKSPACE}:build"])
    for item in stale:
        build_wheel(session, item)


ALONE = [
    nox.param([item.name], f"{item.pyproject}:test", f"{item.folder}/tests", id=item.short)
    for item in DISTRIBUTIONS
]
ALL = nox.param(EVERYTHING, TOGETHER, f"{ROOT}/host/tests/together", id="together")
COMMANDS = nox.param(
    ["mercato-dev", "mercato-testing"], f"{WORKSPACE}:commands", f"{ROOT}/.ci/tests", id="commands"
)


@nox.session(requires=["build"])
@nox.parametrize("wanted, group, folder", [*ALONE, ALL, COMMANDS])
def tests(session: nox.Session, wanted: list[str], group: str, folder: str) -> None:
    """Test a wheel beside nothing but what it declares; all the wheels together; these commands."""
    provide(session, *wanted, groups=[group])
    run_tests(session, folder)


def run_tests(session: nox.Session, folder: str) -> None:
    """Run the tests in *folder*, with what was typed behind ``--``."""
    # These below are run by sessions of their own.
    others = [f"--ignore={folder}/{name}" for name in ("together", "rehearsal")]
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
    command = ["python", "-I", ".ci/programs/imports.py", name, *extras]
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
    provide(session, groups=[f"{WORKSPACE}:lint"])
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
    provide(session, groups=[f"{WORKSPACE}:workflows"])
    for schema, pattern in GITHUB_SCHEMAS.items():
        files = sorted(str(file) for file in ROOT.glob(f".github/{pattern}"))
        session.run("check-jsonschema", f"--builtin-schema=vendor.{schema}", *files)
    session.run("zizmor", "--offline", "--no-progress", "--persona=pedantic", ".github")


@nox.session(requires=["build"])
def types(session: nox.Session) -> None:
    """Check the types of every distribution, and of these commands, with mypy at its strictest."""
    provide(session, *EVERYTHING, groups=[TOGETHER, f"{WORKSPACE}:types"])
    sources = [str(item.source) for item in DISTRIBUTIONS]
    ours = [str(ROOT / ".ci" / name) for name in ("workspace", "programs")]
    path = os.pathsep.join([str(ROOT / ".ci"), ours[1], *sources])
    session.run("mypy", *ours, *sources, env=PLAIN | {"MYPYPATH": path})


@nox.session
def boundaries(session: nox.Session) -> None:
    """Check with import-linter that no distribution imports one it must not know."""
    provide(session, groups=[f"{WORKSPACE}:boundaries"])
    settings = place(session, "boundaries.toml")
    settings.write_text(describe_boundaries())
    sources = os.pathsep.join(str(item.source) for item in DISTRIBUTIONS)
    session.run(
        "lint-imports", f"--config={settings}", "--no-cache", env=PLAIN | {"PYTHONPATH": sources}
    )


@nox.session(requires=["build"])
def new(session: nox.Session) -> None:
    """Write a new feature from the template: ``-- reviews``; then ``nox -s surface -- reviews``."""
    provide(session, "mercato-dev")
    place_of_it = ["--workspace", "--into=packages", f"--home={HOME}"]
    session.run("mercato", "new", *place_of_it, *session.posargs, env=CLEAN)


@nox.session(requires=["build"])
def docs(session: nox.Session) -> None:
    """Write what is generated below docs: the pages of the reference, and the example feature."""
    provide(session, *EVERYTHING)
    session.run("python", "-m", "host.tests.together.reference", env=CLEAN)
    examples = ROOT / "docs/examples"
    shutil.rmtree(examples / "reviews", ignore_errors=True)
    place_of_it = ["--workspace", f"--into={examples}", f"--home={HOME}"]
    session.run("mercato", "new", *place_of_it, "reviews", env=CLEAN)


@nox.session(requires=["build"])
def shop(session: nox.Session) -> None:
    """Serve the sample shop on 127.0.0.1:5000: install, migrate, fill, run the worker.

    ``-- --port 5001`` takes another port.
    """
    run_shop(session)


@nox.session(requires=["build"])
def journey(session: nox.Session) -> None:
    """Walk a shop as a customer would, over HTTP; ``-- --database postgresql`` on that one."""
    provide(session, *chosen_wheels(), groups=[f"{ROOT}/host/pyproject.toml:journey"])
    session.run("python", "-u", "host/tests/together/journey.py", *session.posargs, env=CLEAN)


FEATURES = [item for item in DISTRIBUTIONS if item.is_feature]
SUBSETS = [
    nox.param([item.name for item in some], id="+".join(item.short for item in some) or "none")
    for size in range(len(FEATURES) + 1)
    for some in itertools.combinations(FEATURES, size)
]


@nox.session(requires=["build"])
@nox.parametrize("chosen", SUBSETS)
def combinations(session: nox.Session, chosen: list[str]) -> None:
    """Boot the host with each subset of the features and nothing else, or see it refused."""
    provide(session, "mercato-host", *chosen)
    # What one combination says of a feature is compared with the others of the same wheels.
    made_of = digest(item.wheel for item in DISTRIBUTIONS)[:16]
    parts = Path(session.virtualenv.location).resolve().parent / f"parts-{made_of}"
    program = "host/tests/together/combinations.py"
    session.run("python", program, f"--parts={parts}", *chosen, env=CLEAN)


@nox.session(requires=["build"])
def rehearse(session: nox.Session) -> None:
    """Release everything in a scratch clone, then what may be released, and what may not."""
    provide(session, *EVERYTHING, groups=[f"{WORKSPACE}:rehearsal"])
    where = [f"--config-file={WORKSPACE}", ".ci/tests/rehearsal"]
    session.run("pytest", "-v", "--durations=0", *where, *session.posargs, env=CLEAN)


@nox.session(requires=["build"])
def bench(session: nox.Session) -> None:
    """Measure: all benchmarks, or those named: ``-- boot``. A figure never fails the session."""
    known = find_benchmarks()
    names = sorted({file.stem for file in known})
    session.log(f"The benchmarks: {', '.join(names)}")
    wanted = session.posargs or names
    if strangers := sorted(set(wanted) - set(names)):
        session.error(f"There is no benchmark called {', '.join(strangers)}.")
    provide(session, *EVERYTHING, groups=[f"{ROOT}/host/pyproject.toml:journey"])
    for file in known:
        if file.stem in wanted:
            session.run("python", str(file), env=CLEAN)


def find_benchmarks() -> list[Path]:
    """Find the scripts that measure something."""
    return sorted([*ROOT.glob("packages/*/benchmarks/*.py"), *ROOT.glob("host/benchmarks/*.py")])
