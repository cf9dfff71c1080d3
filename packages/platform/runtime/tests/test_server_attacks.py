import socket
import time
from contextlib import ExitStack

import pytest

from mercato_database.runner import upgrade
from mercato_testing.samples import notes

from .attacks import BODIES, HEADS, NOT_READING, Crowd, Probe, cpu_seconds, send_http2
from .serving import serving, wait_until


@pytest.fixture(scope="module", params=[1, 4])
def server(request, tmp_path_factory):
    """A server with one or four workers, of four threads each."""
    folder = tmp_path_factory.mktemp("attacked")
    url = f"sqlite:///{folder}/notes.db"
    upgrade(url, [notes.feature])
    with serving(folder) as start:
        server = start(url, f"--workers={request.param}", "--threads=4")
        server.wait_until_ready()
        yield server


class TestProbe:
    def test_detects_a_dead_server(self):
        """A port that nothing listens on is a failure, not a fast answer."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))

            with Probe(free.getsockname()[1]) as probe:
                wait_until(lambda: probe.failures)

        assert not probe.seconds

    def test_detects_a_silent_server(self):
        """A server that accepts and does not answer is a failure."""
        silent = socket.create_server(("127.0.0.1", 0))

        with silent, Probe(silent.getsockname()[1], timeout=0.1) as probe:
            wait_until(lambda: probe.failures)

        assert not probe.seconds


class TestAttacks:
    def test_http2_is_refused(self, server):
        """HTTP/2 streams that end in the middle cost nothing, then and afterwards."""
        received = [send_http2(server.port) for _ in range(4)]
        before = cpu_seconds(server.workers)
        with Probe(server.port) as probe:
            wait_until(lambda: len(probe.seconds) + len(probe.failures) >= 8, seconds=30)
        spent = cpu_seconds(server.workers) - before

        assert not any(data.startswith(b"\x00\x00") for data in received)
        assert probe.failures == []
        assert spent < 0.5

    def test_slow_clients_hold_no_thread(self, server):
        """Slow bodies, heads and readers delay no other client, and bodies end with 408."""
        attacks = {**BODIES, **HEADS, "not reading": NOT_READING}
        crowds = {name: Crowd(server.port, attack) for name, attack in attacks.items()}
        begun_at = time.monotonic()

        with ExitStack() as attacking, Probe(server.port) as probe:
            for crowd in crowds.values():
                attacking.enter_context(crowd)
            wait_until(lambda: not any(crowds[name].left for name in [*BODIES, *HEADS]))
            lasted = time.monotonic() - begun_at

        assert probe.failures == []
        assert len(probe.seconds) >= 8
        assert lasted < 14
        for name in BODIES:
            assert crowds[name].was_answered("HTTP/1.1 408 Request Timeout"), crowds[name].statuses
        head, _, body = crowds["silent"].received[0].partition(b"\r\n\r\n")
        assert b"content-type: application/problem+json" in head.lower()
        assert b"connection: close" in head.lower()
        assert b'"code":"request_timeout"' in body
