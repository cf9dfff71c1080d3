"""Every command a person types: ``nox -l`` lists them, ``nox`` alone runs what a change must pass.

The sessions that any repository of features has are in ``packages/platform/dev``; those below are
about this shop.
"""

import os
import shutil
import sys
from pathlib import Path

import nox

# Nothing has installed the sessions yet: this file runs with nox alone.
sys.path.insert(0, str(Path(__file__).parent / "packages/platform/dev/src"))

from mercato_dev.distributions import (
    DISTRIBUTIONS,
    EVERYTHING,
    ROOT,
    WORKSPACE,
    digest,
    find_distribution,
)
from mercato_dev.environments import CLEAN, provide
from mercato_dev.home import HOME
from mercato_dev.sessions import define_tests
from mercato_dev.shop import Companion, chosen_wheels, run_shop

TOGETHER = f"{ROOT}/host/pyproject.toml:together"
SANDBOX = Companion(
    "payments_sandbox", ["payments-sandbox", "serve"], "/v1/webhooks/payments/sandbox"
)
REHEARSAL = f"{ROOT}/packages/platform/dev/pyproject.toml:rehearsal"

define_tests([nox.param(EVERYTHING, TOGETHER, f"{ROOT}/host/tests/together", id="together")])


@nox.session(requires=["build"])
def new(session: nox.Session) -> None:
    """Write a new feature: ``-- wishlists``; then ``nox -s surface -- wishlists``."""
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
    # The name of an installed feature is refused.
    provide(session, "mercato-dev")
    session.run("mercato", "new", *place_of_it, "reviews", env=CLEAN)


@nox.session(requires=["build"])
def examples(session: nox.Session) -> None:
    """Write the examples of the API document: what a shop with sample data answers."""
    provide(session, *EVERYTHING, groups=[TOGETHER])
    session.run("python", "-m", "host.tests.together.examples", env=CLEAN)


@nox.session(requires=["build"])
def shop(session: nox.Session) -> None:
    """Serve the sample shop on 127.0.0.1:5000: install, migrate, fill, run the worker.

    Beside it runs the sandbox that takes payments, on port 5002. ``-- --port 5001`` takes another
    port, and 5003 for the sandbox.
    """
    run_shop(session, SANDBOX)


@nox.session(requires=["build"])
def journey(session: nox.Session) -> None:
    """Walk a shop as a customer would, over HTTP; ``-- --database postgresql`` on that one."""
    provide(session, *chosen_wheels(), groups=[f"{ROOT}/host/pyproject.toml:journey"])
    session.run("python", "-u", "host/tests/together/journey.py", *session.posargs, env=CLEAN)


@nox.session(requires=["build"])
def contract(session: nox.Session) -> None:
    """Let schemathesis compare a served shop with its API document."""
    provide(session, *chosen_wheels(), groups=[f"{ROOT}/host/pyproject.toml:contract"])
    session.run("python", "-u", "host/tests/together/contract.py", *session.posargs, env=CLEAN)


@nox.session(requires=["build"])
def clients(session: nox.Session) -> None:
    """Generate clients for Python and TypeScript, and order with them; needs npm and a registry.

    Without npm the TypeScript client is not tested, and the session fails after the other one.
    """
    provide(session, *chosen_wheels(), groups=[f"{ROOT}/host/pyproject.toml:clients"])
    where = [f"--config-file={WORKSPACE}", f"{ROOT}/host/tests/clients"]
    if shutil.which("npm"):
        session.run("pytest", *where, *session.posargs, env=CLEAN)
    else:
        session.run("pytest", "-k", "TestPython", *where, *session.posargs, env=CLEAN)
        session.error("npm is not installed: the TypeScript client was not tested.")


@nox.session(requires=["build"])
def pgbouncer(session: nox.Session) -> None:
    """Test a shop behind Debian's PgBouncer in transaction mode."""
    test_beside(session, "pgbouncer")


@nox.session(requires=["build"])
def redis(session: nox.Session) -> None:
    """Test shops that share Debian's Redis, and what they do while it is away."""
    test_beside(session, "redis-server")


@nox.session(requires=["build"])
def browser(session: nox.Session) -> None:
    """Open every page in Debian's Chromium, and leave screenshots in var/screenshots.

    Each is checked with axe-core, in light and dark, 390 and 1400 pixels wide.
    """
    if shutil.which("chromium") is None:
        session.error("chromium is not installed: apt-get install chromium")
    provide(session, *EVERYTHING, groups=[f"{ROOT}/host/pyproject.toml:browser"])
    where = [f"--config-file={WORKSPACE}", f"{ROOT}/host/tests/browser"]
    session.run("pytest", *where, *session.posargs, env=CLEAN)


def require_program(session: nox.Session, program: str) -> None:
    """Skip the session, and say so, where a server of Debian's is not installed."""
    if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
        session.skip(f"{program} is not installed: apt-get install {program}")


def test_beside(session: nox.Session, program: str) -> None:
    """Run the tests of a session beside a server of Debian's."""
    require_program(session, program)
    provide(session, *EVERYTHING, groups=[TOGETHER])
    where = [f"--config-file={WORKSPACE}", f"{ROOT}/host/tests/{session.name}"]
    session.run("pytest", *where, *session.posargs, env=CLEAN)


FEATURES = [item.name for item in DISTRIBUTIONS if item.is_feature]
ALONE = [[], *([name] for name in FEATURES), FEATURES]


@nox.session(requires=["build"])
@nox.parametrize("chosen", ALONE, ids=["none", *FEATURES, "every"])
def combinations(session: nox.Session, chosen: list[str]) -> None:
    """Boot the host with each subset of the features, or see it refused.

    Each feature alone has an environment with what it declares and nothing else, and a server. The
    other subsets are composed where all are installed.
    """
    provide(session, "mercato-host", *chosen)
    # What one combination says of a feature is compared with the others of the same wheels.
    made_of = digest(item.wheel for item in DISTRIBUTIONS)[:16]
    parts = Path(session.virtualenv.location).resolve().parent / f"parts-{made_of}"
    programs = ROOT / "host/tests/together"
    session.run("python", programs / "combinations.py", f"--parts={parts}", *chosen, env=CLEAN)
    if chosen == FEATURES:
        session.run("python", programs / "subsets.py", f"--parts={parts}", env=CLEAN)


@nox.session(requires=["build"])
def rehearse(session: nox.Session) -> None:
    """Release everything in a scratch clone, then what may be released, and what may not."""
    provide(session, *EVERYTHING, groups=[REHEARSAL])
    where = [f"--config-file={WORKSPACE}", "packages/platform/dev/tests/rehearsal"]
    session.run("pytest", "-v", "-s", "--durations=0", *where, *session.posargs, env=CLEAN)


@nox.session(requires=["build"])
def siege(session: nox.Session) -> None:
    """Attack a server on loopback: slow clients, killed processes, reloads and 300 stops."""
    test_server(session, "siege")


@nox.session(requires=["build"])
def front(session: nox.Session) -> None:
    """Test the example of nginx in front of a server; it is skipped where nginx is absent."""
    require_program(session, "nginx")
    test_server(session, "front")


def test_server(session: nox.Session, folder: str) -> None:
    """Run tests of the server that are no part of the session ``tests``."""
    runtime = find_distribution("runtime")
    provide(session, runtime.name, groups=[f"{runtime.pyproject}:test"])
    where = [f"--config-file={WORKSPACE}", f"{runtime.folder}/tests/{folder}"]
    session.run("pytest", *where, *session.posargs, env=CLEAN)


@nox.session(requires=["build"])
def bench(session: nox.Session) -> None:
    """Measure the shop beside two twins: all, or some, ``-- http instructions``.

    ``-- --help`` says what there is; ``-- accept`` writes the ratios that ``pace`` compares with.
    """
    measure(session, *session.posargs)


@nox.session(requires=["build"])
def pace(session: nox.Session) -> None:
    """Fail where a request has fallen behind its twins: ``nox -s bench -- gate``."""
    measure(session, "gate")


def measure(session: nox.Session, *words: str) -> None:
    """Run the benchmarks."""
    provide(session, *EVERYTHING, groups=[f"{ROOT}/host/pyproject.toml:journey"])
    session.run("python", "host/benchmarks/bench.py", *words, env=CLEAN)
