"""The acceptance table of the server: each row on one and four workers, SQLite and PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..attacks import (
    BODIES,
    HEADS,
    NOT_READING,
    SILENT_BODY,
    Crowd,
    Load,
    Probe,
    ask,
    cpu_seconds,
    send_http2,
)
from ..serving import is_running, serving, wait_until

CLOSED_SECONDS = 12
STOPS = 75


@pytest.fixture
def probe(server, record_property):
    """A probe: during the test, ``/healthz`` answers within a second, and the database answers."""
    with Probe(server.port) as probe, Probe(server.port, "/v1/notes") as reads:
        yield probe
    record_property("probes", len(probe.seconds))
    record_property("slowest", f"{probe.worst:.2f} s")
    assert probe.failures == reads.failures == []
    assert probe.worst < 1


class TestAttacks:
    def test_http2(self, server, probe, record_property):
        """HTTP/2 streams that end in the middle are refused, and cost nothing afterwards."""
        before = cpu_seconds(server.workers)

        received = [send_http2(server.port) for _ in range(20)]
        wait_until(lambda: len(probe.seconds) >= 8)

        assert not any(data.startswith(b"\x00\x00") for data in received)
        record_property("CPU", f"{cpu_seconds(server.workers) - before:.2f} s")

    @pytest.mark.parametrize("name", BODIES)
    def test_slow_bodies(self, server, probe, record_property, name):
        """64 slow bodies are all closed with 408."""
        with Crowd(server.port, BODIES[name]) as crowd:
            wait_until(lambda: not crowd.left)

        record_property("closed after", f"{max(crowd.seconds):.1f} s")
        assert crowd.was_answered("HTTP/1.1 408 Request Timeout"), crowd.statuses
        assert max(crowd.seconds) < CLOSED_SECONDS

    def test_slow_heads_and_readers(self, server, probe, record_property):
        """64 slow heads and 64 idle connections are closed; 64 that do not read delay no other."""
        attacks = [*HEADS.values(), NOT_READING]
        with ExitStack() as attacking:
            crowds = [attacking.enter_context(Crowd(server.port, attack)) for attack in attacks]
            wait_until(lambda: not any(crowd.left for crowd in crowds[:-1]))

        slowest = max(max(crowd.seconds) for crowd in crowds[:-1])
        record_property("closed after", f"{slowest:.1f} s")
        assert slowest < CLOSED_SECONDS

    def test_1500_silent_bodies(self, server, probe, record_property):
        """1,500 silent bodies are all closed."""
        with Crowd(server.port, SILENT_BODY, 1500) as crowd:
            wait_until(lambda: not crowd.left, seconds=30)

        record_property("closed after", f"{max(crowd.seconds):.1f} s")
        assert crowd.statuses == {"HTTP/1.1 408 Request Timeout": 1500}
        assert max(crowd.seconds) < CLOSED_SECONDS


class TestDeaths:
    def test_a_worker_each_second(self, server, workers, record_property):
        """A worker is killed each second, four times; all are back within 3 seconds."""
        for _ in range(4):
            wait_until(lambda: server.workers)
            os.kill(server.workers[0], signal.SIGKILL)
            time.sleep(1)
        started_at = time.monotonic()
        server.wait_for_workers(workers, seconds=3)

        record_property("back after", f"{time.monotonic() - started_at:.1f} s")
        assert ask(server.port, "/v1/notes") == 200
        assert server.process.poll() is None

    def test_all_workers_at_once(self, server, workers):
        """All workers are killed, and are back within 3 seconds."""
        killed = server.workers

        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not set(killed) & set(server.workers))
        server.wait_for_workers(workers, seconds=3)

        assert ask(server.port, "/v1/notes") == 200
        assert server.process.poll() is None


class TestReload:
    def test_under_load(self, server, workers, record_property):
        """20 reloads in 30 seconds lose no request on kept connections, and hardly any on new."""
        with Load(server.port) as load:
            for _ in range(20):
                server.process.send_signal(signal.SIGHUP)
                time.sleep(1.5)
            server.wait_for_workers(workers)

        fresh, reused = load.failed("fresh"), load.failed("reused")
        record_property("fresh", f"{len(fresh)} of {load.sent['fresh']}")
        record_property("reused", f"{len(reused)} of {load.sent['reused']}")
        assert reused == []
        assert len(fresh) <= load.sent["fresh"] / 10_000


class TestEnd:
    def test_of_the_attacked_server(self, server, record_property):
        """After all attacks the server ends with 0, and leaves no process."""
        pids = server.workers
        started_at = time.monotonic()

        server.process.terminate()

        assert server.process.wait(timeout=40) == 0
        record_property("after", f"{time.monotonic() - started_at:.1f} s")
        assert not any(map(is_running, pids))

    def test_stops_by_a_signal_to_the_group(self, url, workers, tmp_path, record_property):
        """75 stops for each number of workers and database: none hangs, and all exit with 0."""
        with serving(tmp_path) as start:
            start(url).wait_until_ready()
        program = Path(__file__).with_name("stops.py")
        command = [sys.executable, str(program), f"{tmp_path}/deployment.toml"]
        started_at = time.monotonic()

        done = subprocess.run(
            [*command, str(STOPS), str(workers)],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )

        record_property("stops", STOPS)
        record_property("in", f"{time.monotonic() - started_at:.0f} s")
        assert json.loads(done.stdout) == []
