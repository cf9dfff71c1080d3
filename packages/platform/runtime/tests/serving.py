"""A running `mercato serve`, with a feature for tests of the server."""

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

from mercato_testing.samples import notes, wheels

SLOW = """
import gc
import time
from pathlib import Path

from flask import request
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint, read_bytes
from mercato_kit.policies import anyone
import os


def _fork():
    # For a test that sends a signal to workers which have just been forked.
    time.sleep(float(os.environ.get("SLOW_FORK", 0)))
    # For a test of workers that cannot start.
    if Path(os.environ.get("BROKEN_FORK", "nowhere")).exists():
        os._exit(3)


os.register_at_fork(after_in_child=_fork)

blueprint = Blueprint("slow", __name__, url_prefix="/v1")


@blueprint.get("/slow", allow=anyone)
@blueprint.response(200)
def slow():
    '''Take a second'''
    time.sleep(1)
    return {"process": os.getpid()}


@blueprint.get("/nap", allow=anyone)
@blueprint.response(200)
def nap():
    '''Take a fifth of a second'''
    time.sleep(0.2)
    return {}


@blueprint.get("/large", allow=anyone)
@blueprint.response(200)
def large():
    '''Say much'''
    return {"much": "x" * 1_000_000}


@blueprint.get("/process", allow=anyone)
@blueprint.response(200)
def process():
    '''Say which process answers, and how many objects it shares with the main process'''
    return {"process": os.getpid(), "shared": gc.get_freeze_count()}


@blueprint.get("/client", allow=anyone)
@blueprint.response(200)
def client():
    '''Say who asks, and for what'''
    return {"address": request.remote_addr, "url": request.url}


@blueprint.post("/deeds", allow=anyone, idempotent=True)
@blueprint.response(200)
def do():
    '''Do something that takes no body'''
    return {"done": True}


@blueprint.post("/webhooks/payments/<provider>", allow=anyone, body_bytes=256 * 1024)
@blueprint.response(200)
def count(provider):
    '''Count the bytes of a webhook'''
    return {"count": len(read_bytes())}


feature = Feature(name="slow", summary="Slow answers.", blueprints=[blueprint])
"""


def wait_until(condition, *, seconds=20):
    """Wait until *condition* holds.

    Raises:
        AssertionError: It does not hold within *seconds*.
    """
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, f"waited {seconds} seconds"
        time.sleep(0.02)


def is_running(pid):
    """Return whether a process runs; one that is dead but not waited for does not."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    return bool(state) and not state.startswith("Z")


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
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
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

    @property
    def workers(self):
        """The process ids of the workers that run."""
        found = re.findall(r"Spawning worker-\d+ \(process (\d+)\)", "".join(self.lines))
        return [int(pid) for pid in found if is_running(int(pid))]

    def wait_for_workers(self, count, *, seconds=20):
        """Wait until *count* workers run."""
        wait_until(lambda: len(self.workers) == count, seconds=seconds)

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


@contextlib.contextmanager
def serving(folder):
    """Yield a function that starts `mercato serve` on a free port, with the features of a test.

    Args:
        folder: An empty folder for the features and the deployment file.
    """
    wheels.install(folder, "slow", SLOW, module="mercato_slow")
    wheels.install(folder, "notes", Path(notes.__file__).read_text(), module="mercato_notes")
    (folder / "migrations").symlink_to(Path(notes.__file__).parent / "migrations")
    started = []

    def start(url, *options, env=()):
        file = folder / "deployment.toml"
        file.write_text(
            f'environment = "testing"\n[database]\nurl = "{url}"\n'
            "[server]\nport = 0\nthreads = 2\n[features.slow]\n[features.notes]\n"
        )
        command = [sys.executable, "-m", "mercato_composition", f"--deployment={file}", "serve"]
        process = subprocess.Popen(
            [*command, *options],
            env={**os.environ, "PYTHONPATH": str(folder), **dict(env)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(Server(process))
        return started[-1]

    try:
        yield start
    finally:
        for server in started:
            server.end()
