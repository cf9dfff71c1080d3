"""One case: installed exactly as it says, checked, and tested."""

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import nox
from nox.command import CommandFailed

from mercato_dev.compatibility.cases import Case
from mercato_dev.distributions import EVERYTHING, WORKSPACE
from mercato_dev.environments import CLEAN, installed, place, provide


class Broken(Exception):
    """A case that does not work; says in what way."""


def try_case(session: nox.Session, case: Case) -> str:
    """Install a case, and run the tests of its feature.

    Returns:
        What the tests said: ``12 passed``.

    Raises:
        Broken: It cannot be installed, something else was, or a test failed.
    """
    install(session, case)
    return run_tests_of(session, case)


def install(session: nox.Session, case: Case) -> None:
    """Make the environment hold what the case says of ours, and the newest of all the rest."""
    group = f"{case.tested.sources}/pyproject.toml:test"
    wheels = {one.name: one.wheel for one in case.editions}
    try:
        provide(session, case.tested.name, groups=[group], wheels=wheels, upgrade=True)
    except CommandFailed:
        raise Broken("cannot be installed") from None
    # What an index, a cache or an environment of the last time lent would prove nothing.
    wanted = {f"{one.name} @ {one.wheel.as_uri()}" for one in case.editions}
    names = {*EVERYTHING, *wheels}
    found = {line for line in installed(session) if line.partition("=")[0].split()[0] in names}
    if others := sorted(wanted ^ found):
        raise Broken(f"wanted, but not installed, or the reverse: {', '.join(others)}")


def run_tests_of(session: nox.Session, case: Case) -> str:
    """Run the tests that the tested feature was released with.

    A warning is no failure here: what was released is not broken by a word on its future.
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
        raise Broken(say(counts) if counts["failed"] else "the tests do not run") from None
    counts = count(report)
    if not counts["passed"]:
        raise Broken("no test passed")
    return say(counts)


def count(report: Path) -> Counter[str]:
    """Count what became of the tests, from JUnit's XML; nothing if pytest did not write it."""
    if not report.exists():
        return Counter()
    (suite,) = ElementTree.parse(report).getroot()  # noqa: S314 - pytest wrote it just now
    total, failures, errors, skipped = (
        int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    return Counter(failed=failed, passed=total - failed - skipped, skipped=skipped)


def say(counts: Counter[str]) -> str:
    """Write ``3 failed, 9 passed``."""
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number)
