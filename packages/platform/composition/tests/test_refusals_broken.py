"""Broken features never start, and never stop a running host."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mercato_database.runner import upgrade

from .broken import BROKEN, put

REPLACEMENTS = [
    BROKEN[kind]
    for kind in ("an error at import", "no Python at all", "a module that is gone", "another kit")
]
"""A wheel that a running host must not load; how it is broken does not matter to it."""

WORKERS = len(REPLACEMENTS)


def write_deployment(folder, *features, url="sqlite:///never-opened.db", workers=1):
    """Write the deployment file of a folder."""
    named = "".join(f"[features.{name}]\n" for name in features)
    (folder / "deployment.toml").write_text(
        f'environment = "testing"\n[database]\nurl = "{url}"\n'
        f"[server]\nport = 0\nworkers = {workers}\nthreads = 1\n{named}"
    )


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """Exit code and output of a cold start with each broken wheel."""
    root = tmp_path_factory.mktemp("cold")
    for kind, broken in BROKEN.items():
        folder = root / kind
        folder.mkdir()
        put(folder, "steady")
        put(folder, "broken", broken)
        write_deployment(folder, "steady", "broken")
    script = Path(__file__).parent / "cold_starts.py"
    done = subprocess.run(
        [sys.executable, script, root], capture_output=True, text=True, check=True, cwd=root
    )
    return json.loads(done.stdout)


class TestColdStart:
    @pytest.mark.provokes("K103", "K105", "K106", "K107", "K108", "K113")
    @pytest.mark.provokes("K116", "K117", "K118", "K201", "K401", "K409")
    @pytest.mark.parametrize("kind", BROKEN)
    def test_says_one_thing_and_ends(self, started, kind):
        """A cold start prints one fault with the wheel, no traceback, and exits with 2."""
        code, said = started[kind]

        heads = [line for line in said.splitlines() if not line.startswith(" ")]
        assert code == 2
        assert len(heads) == 1
        assert heads[0].startswith(f"error[{BROKEN[kind].code}] ")
        assert "broken" in said
        assert "    fix: " in said
        assert "Traceback" not in said


class Running:
    """A running `mercato serve` and its worker processes."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mercato_composition", "serve"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait_for(lambda: self.port is not None and self.answers())

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def port(self):
        """The port that it listens on."""
        found = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", "".join(self.lines))
        return int(found.group(1)) if found else None

    @property
    def workers(self):
        """The ids of the worker processes."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return {int(child) for child in children}

    def ask(self):
        """Send a request, and return status and body of the response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/v1/steady")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def answers(self, process=None):
        """Tell whether a response comes from the code of the start, and from *process* if given."""
        try:
            status, body = self.ask()
        except OSError:
            return False
        assert (status, body["code"]) == (200, "steady")
        return process is None or body["process"] == process

    def wait_for(self, condition, seconds=30):
        """Wait until a condition holds."""
        give_up_at = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up_at or self.process.poll() is not None:
                raise AssertionError("".join(self.lines))
            time.sleep(0.01)

    def end(self):
        """Kill the server with all its processes."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()


@pytest.fixture
def serve(tmp_path, empty_database):
    """A function that starts a host with a working feature in a number of processes."""
    running = []

    def serve(workers):
        put(tmp_path, "steady")
        url = empty_database("sqlite")
        upgrade(url, [])
        write_deployment(tmp_path, "steady", url=url, workers=workers)
        running.append(Running(tmp_path))
        return running[-1]

    yield serve
    for one in running:
        one.end()


class TestRunningHost:
    def test_outlives_its_workers(self, serve, tmp_path):
        """A worker that dies is replaced by the same code, even if the wheel on disk is broken."""
        server = serve(WORKERS)
        server.wait_for(lambda: len(server.workers) >= WORKERS)
        first = server.workers

        for broken, victim in zip(REPLACEMENTS, sorted(first), strict=False):
            put(tmp_path, "steady", broken)
            before = server.workers
            os.kill(victim, signal.SIGKILL)
            server.wait_for(lambda before=before: server.workers - before)
            [new] = server.workers - before
            server.wait_for(lambda new=new: server.answers(new))

        assert server.process.poll() is None
        assert not server.workers & set(sorted(first)[:WORKERS])

    def test_outlives_its_reloads(self, serve, tmp_path):
        """A reload replaces the workers, loses no request, and loads no broken wheel."""
        server = serve(1)
        failed, stop = [], threading.Event()

        def ask_on():
            while not stop.wait(0.02):
                try:
                    assert server.ask()[1]["code"] == "steady"
                except (OSError, AssertionError, http.client.HTTPException) as error:
                    failed.append(error)

        asking = threading.Thread(target=ask_on)
        asking.start()
        for broken in REPLACEMENTS:
            put(tmp_path, "steady", broken)
            before = server.workers
            server.process.send_signal(signal.SIGHUP)
            server.wait_for(lambda before=before: server.workers and not server.workers & before)
            server.wait_for(server.answers)
        stop.set()
        asking.join()

        assert server.process.poll() is None
        assert failed == []
