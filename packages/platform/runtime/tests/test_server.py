import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mercato_database.runner import upgrade
from mercato_testing.samples import notes, wheels

feature = notes.feature

SLOW = """
import time
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
import os

# For a test that sends a signal to workers which have just been forked.
os.register_at_fork(after_in_child=lambda: time.sleep(float(os.environ.get("SLOW_FORK", 0))))

blueprint = Blueprint("slow", __name__, url_prefix="/v1")


@blueprint.get("/slow", allow=anyone)
@blueprint.response(200)
def slow():
    '''Take a second'''
    time.sleep(1)
    return {"process": os.getpid()}


@blueprint.get("/process", allow=anyone)
@blueprint.response(200)
def process():
    '''Say which process answers'''
    return {"process": os.getpid()}


@blueprint.post("/deeds", allow=anyone, idempotent=True)
@blueprint.response(200)
def do():
    '''Do something that takes no body'''
    return {"done": True}


feature = Feature(name="slow", summary="Slow answers.", blueprints=[blueprint])
"""


class Server:
    """A running `mercato serve`."""

    def __init__(self, process):
        self.process = process
        self.lines = []
        self.port = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found.group(1))

    def get(self, path):
        """Send a GET, and return status and JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def count(self, route):
        """Return how many GET requests of a route /metrics has counted."""
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        ) as connection:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        name = f'mercato_requests_total{{method="GET",route="{route}",status="200"}} '
        return sum(float(line[len(name) :]) for line in text.splitlines() if line.startswith(name))

    def send(self, data, *, goes_away=False):
        """Send bytes, and return the response; a client that goes away sends no more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            client.sendall(data)
            if goes_away:
                client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def wait_until_ready(self):
        """Wait until the server answers."""
        give_up_at = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < give_up_at:
            try:
                if self.port and self.get("/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("".join(self.lines))

    def wait_for_line(self, words):
        """Wait until the server logs *words*."""
        give_up_at = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < give_up_at:
            if any(words in line for line in self.lines):
                return
            time.sleep(0.01)
        raise AssertionError("".join(self.lines))

    def wait_until_refused(self):
        """Wait until none of its processes accepts a connection."""
        give_up_at = time.monotonic() + 20
        while time.monotonic() < give_up_at:
            try:
                self.get("/v1/process")
            except ConnectionRefusedError:
                return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("".join(self.lines))

    def has_processes(self):
        """Return whether a process of its group runs."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def end(self):
        """Kill the server with all its processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()


@pytest.fixture
def start(tmp_path):
    """Return a function that starts `mercato serve` on a free port, with a slow feature."""
    wheels.install(tmp_path, "slow", SLOW, module="mercato_slow")
    wheels.install(tmp_path, "notes", Path(notes.__file__).read_text(), module="mercato_notes")
    (tmp_path / "migrations").symlink_to(Path(notes.__file__).parent / "migrations")
    started = []

    def start(url, *options, env=()):
        file = tmp_path / "deployment.toml"
        file.write_text(
            f'environment = "testing"\n[database]\nurl = "{url}"\n'
            "[server]\nport = 0\nthreads = 2\n[features.slow]\n[features.notes]\n"
        )
        command = [
            sys.executable,
            "-m",
            "mercato_composition",
            f"--deployment={file}",
            "serve",
        ]
        process = subprocess.Popen(
            [*command, *options],
            env={**os.environ, "PYTHONPATH": str(tmp_path), **dict(env)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(Server(process))
        return started[-1]

    yield start
    for server in started:
        server.end()


@pytest.fixture
def running(start, empty_database):
    """A server that is ready."""
    url = empty_database("sqlite")
    upgrade(url, [feature])
    server = start(url)
    server.url = url
    server.wait_until_ready()
    return server


class TestServe:
    def test_answers_from_several_processes(self, start, database):
        """Several processes serve the app, each with its own database connections."""
        server = start(database.url, "--workers=2", "--threads=4")
        server.wait_until_ready()

        answers = [server.get("/v1/notes") for _ in range(20)]
        processes = {server.get("/v1/process")[1]["process"] for _ in range(60)}

        assert {status for status, _ in answers} == {200}
        assert len(processes) == 2

    def test_every_process_knows_the_metrics_of_all(self, start, database):
        """/metrics is the same sum from each process, also of one that was killed."""
        server = start(database.url, "--workers=2")
        server.wait_until_ready()
        processes = {server.get("/v1/process")[1]["process"] for _ in range(40)}
        os.kill(next(iter(processes)), signal.SIGKILL)
        server.wait_for_line("Respawning worker")
        server.wait_until_ready()

        sums = {server.count("/v1/process") for _ in range(20)}

        assert (len(processes), sums) == (2, {40})

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_ends_on_a_signal_to_the_whole_group(self, start, database, number):
        """After a signal to the whole process group, as by Ctrl-C, the server exits quickly."""
        server = start(database.url, "--workers=2")
        server.wait_until_ready()

        os.killpg(server.process.pid, number)

        assert server.process.wait(timeout=20) == 0
        assert not server.has_processes()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_ends_while_its_workers_start(self, start, database, number):
        """A signal during the start of the workers is not lost."""
        server = start(database.url, "--workers=2", env={"SLOW_FORK": "0.5"})
        server.wait_for_line("Spawning worker-2")

        os.killpg(server.process.pid, number)

        assert server.process.wait(timeout=20) == 0
        assert not server.has_processes()

    def test_ends_on_many_signals(self, start, database):
        """Several signals in a row end the server cleanly."""
        server = start(database.url, "--workers=2")
        server.wait_until_ready()

        give_up_at = time.monotonic() + 20
        while server.process.poll() is None and time.monotonic() < give_up_at:
            os.killpg(server.process.pid, signal.SIGINT)
            os.killpg(server.process.pid, signal.SIGTERM)

        assert server.process.poll() == 0
        assert not server.has_processes()

    def test_ends_after_its_workers(self, start, database):
        """If workers end before the main process sees the signal, the exit code is still 0."""
        server = start(database.url, "--workers=2")
        server.wait_until_ready()

        server.process.send_signal(signal.SIGSTOP)
        os.killpg(server.process.pid, signal.SIGTERM)
        server.wait_until_refused()
        server.process.send_signal(signal.SIGCONT)

        assert server.process.wait(timeout=20) == 0
        assert not server.has_processes()

    def test_refuses_pending_migrations(self, start, empty_database):
        """A server does not start while migrations are pending (K302)."""
        server = start(empty_database("sqlite"))

        assert server.process.wait(timeout=60) == 2
        server.end()
        assert "error[K302] mercato-notes 1.0 ('notes')" in "".join(server.lines)

    def test_refuses_a_port_that_is_taken(self, start, running):
        """A second server on the same port exits with 2, and names host and port."""
        second = start(running.url, f"--bind=127.0.0.1:{running.port}")

        assert second.process.wait(timeout=60) == 2
        second.end()
        output = "".join(second.lines)
        assert f"cannot listen on 127.0.0.1:{running.port}: Address already in use." in output

    def test_listens_on_a_name(self, start, database):
        """The host can be a name."""
        server = start(database.url, "--bind=localhost:0")

        server.wait_until_ready()

        assert server.get("/readyz")[0] == 200

    def test_refuses_an_absent_database(self, start):
        """Without its database the server exits with 2 and a fault."""
        server = start("postgresql://shop:secret@127.0.0.1:1/shop")

        assert server.process.wait(timeout=60) == 2
        server.end()
        output = "".join(server.lines)
        assert "error[K207]" in output
        assert "secret" not in output

    def test_term_answers_what_is_queued(self, start, empty_database):
        """After TERM, all accepted requests are answered, running or queued."""
        url = empty_database("sqlite")
        upgrade(url, [feature])
        server = start(url)
        server.wait_until_ready()
        statuses = []
        threads = [
            threading.Thread(target=lambda: statuses.append(server.get("/v1/slow")[0]))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.5)

        server.process.terminate()
        for thread in threads:
            thread.join()

        assert statuses == [200] * 6
        assert server.process.wait(timeout=30) == 0

    def test_a_cut_body_does_nothing(self, running):
        """A request whose body is cut off has no effect."""
        head = b"POST /v1/deeds HTTP/1.1\r\nHost: shop\r\nIdempotency-Key: key-of-a-cut-body\r\n"
        bodies = [
            b"Content-Length: 50\r\n\r\n",
            b"Content-Length: 50\r\n\r\n{}",
            b"Transfer-Encoding: chunked\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            b'Transfer-Encoding: chunked\r\n\r\n9\r\n{"a": ',
        ]

        cut = [
            running.send(head + b"Content-Type: application/json\r\n" + body, goes_away=True)
            for body in bodies
        ]
        whole = running.send(head + b"Connection: close\r\nContent-Length: 0\r\n\r\n")

        assert [answer.partition(b"\r\n")[0] for answer in cut] == [b"HTTP/1.1 400 Bad Request"] * 5
        assert all(b'"code":"malformed_request"' in answer for answer in cut)
        assert whole.startswith(b"HTTP/1.1 200 ")
        assert b"replayed" not in whole.lower()

    def test_a_large_body_ends_the_connection(self, running):
        """After a body that is too large, the server closes the connection."""
        head = b"POST /v1/deeds HTTP/1.1\r\nHost: shop\r\nContent-Length: 70000\r\n\r\n"

        answer = running.send(head)

        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in answer.lower()

    def test_a_killed_process_is_replaced(self, start, empty_database, tmp_path):
        """A killed process is replaced, even if a wheel was broken on disk since the start."""
        url = empty_database("sqlite")
        upgrade(url, [feature])
        server = start(url)
        server.wait_until_ready()
        _, first = server.get("/v1/process")
        (tmp_path / "mercato_slow.py").write_text("raise RuntimeError('broken since')")

        os.kill(first["process"], signal.SIGKILL)
        server.wait_until_ready()
        status, second = server.get("/v1/process")

        assert status == 200
        assert second["process"] != first["process"]
