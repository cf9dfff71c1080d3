"""Servers that are attacked, and the table of what they held."""

import resource

import pytest

from mercato_database.runner import upgrade
from mercato_testing.postgresql import running_server
from mercato_testing.samples import notes

from ..serving import serving


@pytest.fixture(scope="session", autouse=True)
def _many_files():
    """Let the attackers open as many connections as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def url(request, tmp_path_factory):
    """The URL of a database of each kind, with the tables of the features."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        url = f"sqlite:///{folder}/notes.db"
        upgrade(url, [notes.feature])
        yield url
        return
    with running_server(folder / "postgresql") as postgresql:
        url = postgresql.create_database("siege")
        upgrade(url, [notes.feature])
        yield url


@pytest.fixture(scope="session", params=[1, 4])
def workers(request):
    """The number of workers."""
    return request.param


@pytest.fixture(scope="session")
def server(url, workers, tmp_path_factory):
    """A server of four threads a worker."""
    with serving(tmp_path_factory.mktemp("siege")) as start:
        server = start(url, f"--workers={workers}", "--threads=4")
        server.wait_until_ready()
        server.wait_for_workers(workers)
        yield server


def pytest_terminal_summary(terminalreporter):
    """Print a line for each row: what it is, whether it held, and its figures."""
    terminalreporter.section("siege")
    rows = {}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            row = rows.setdefault(report.nodeid, {"held": True, "figures": {}})
            row["held"] &= report.passed
            row["figures"].update(report.user_properties)
    for nodeid, row in rows.items():
        name = nodeid.rpartition("::")[2].removeprefix("test_")
        figures = ", ".join(f"{key} {value}" for key, value in row["figures"].items())
        held = "held  " if row["held"] else "FAILED"
        terminalreporter.write_line(f"{held}  {name:<48}  {figures}")
