"""Install one case exactly, and run the tests of its feature."""

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import nox
from nox.command import CommandFailed

from mercato_dev.compatibility.cases import Case
from mercato_dev.distributions import EVERYTHING, WORKSPACE
from mercato_dev.environments import CLEAN, installed, place, provide


class Broken(Exception):
    """A case that does not work, with the reason."""


def try_case(session: nox.Session, case: Case) -> str:
    """Install a case, and run the tests of its feature.

    Returns:
        The outcome, e.g. ``12 passed``.

    Raises:
        Broken: It cannot be installed, something else was installed, or a test failed.
    """
    install(session, case)
    return run_tests_of(session, case)


def install(session: nox.Session, case: Case) -> None:
    """Install the editions of a case, and the newest version of everything else."""
    group = f"{case.tested.sources}/pyproject.toml:test"
    wheels = {one.name: one.wheel for one in case.editions}
    try:
        provide(session, case.tested.name, groups=[group], wheels=wheels, upgrade=True)
    except CommandFailed:
        raise Broken("cannot be installed") from None
    # The environment may have been changed since, or an index may have another wheel.
    wanted = {f"{one.name} @ {one.wheel.as_uri()}" for one in case.editions}
    names = {*EVERYTHING, *wheels}
    found = {line for line in installed(session) if line.partition("=")[0].split()[0] in names}
    if others := sorted(wanted ^ found):
        raise Broken(f"wanted, but not installed, or the reverse: {', '.join(others)}")


def run_tests_of(session: nox.Session, case: Case) -> str:
    """Run the tests of the feature.

    Warnings do not fail them: a deprecation does not break a released feature.
    """
    report = place(session, "report.xml")
    report.unlink(missing_ok=True)
    options = [f"--config-file={WORKSPACE}", f"--rootdir={case.tested.sources}"]
    options += ["--override-ini=filterwarnings=default", f"--junitxml={report}"]
    tests = f"{case.tested.sources}/tests"
    try:
        session.run("pytest", "-n2", *options, tests, *session.posargs, env=CLEAN, silent=True)
    except CommandFailed:
        counts = count(report)
        raise Broken(describe(counts) if counts["failed"] else "the tests do not run") from None
    counts = count(report)
    if not counts["passed"]:
        raise Broken("no test passed")
    return describe(counts)


def count(report: Path) -> Counter[str]:
    """Count the outcomes in a JUnit report; nothing if pytest did not write it."""
    if not report.exists():
        return Counter()
    (suite,) = ElementTree.parse(report).getroot()  # noqa: S314 - pytest wrote it just now
    total, failures, errors, skipped = (
        int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    return Counter(failed=failed, passed=total - failed - skipped, skipped=skipped)


def describe(counts: Counter[str]) -> str:
    """Return a text such as ``3 failed, 9 passed``."""
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number)
