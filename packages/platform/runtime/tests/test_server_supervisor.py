import os
import signal
import socket
import threading
import time

import pytest

from mercato_database.runner import upgrade
from mercato_testing.samples import notes

from .attacks import Load, Probe, ask
from .serving import is_running, serving, wait_until

REQUEST = b"GET /v1/nap HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"


@pytest.fixture(params=[1, 4])
def workers(request):
    """The number of workers."""
    return request.param


@pytest.fixture
def start(tmp_path, workers):
    """A function that starts a server with its workers, of four threads each."""
    url = f"sqlite:///{tmp_path}/notes.db"
    upgrade(url, [notes.feature])
    with serving(tmp_path) as start:

        def started(**env):
            server = start(url, f"--workers={workers}", "--threads=4", env=env)
            server.wait_until_ready()
            server.wait_for_workers(workers)
            return server

        yield started


class TestWorkers:
    def test_are_replaced_when_killed(self, start, workers):
        """Killed workers, one or all at once, are replaced within 3 seconds, and logged."""
        server = start()

        os.kill(server.workers[0], signal.SIGKILL)
        server.wait_for_workers(workers - 1)
        server.wait_for_workers(workers, seconds=3)
        for pid in server.workers:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: "".join(server.lines).count("died: -9") == workers + 1)
        server.wait_for_workers(workers, seconds=3)

        assert ask(server.port, "/readyz") == 200
        assert server.process.poll() is None

    def test_end_with_the_main_process(self, start):
        """After a kill of the main process no worker stays, and the port is free."""
        server = start()
        pids = server.workers

        server.process.kill()
        wait_until(lambda: not any(map(is_running, pids)), seconds=2)

        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", server.port))
            free.listen()

    def test_have_no_threads_beside_them_at_the_fork(self, start):
        """The main process has one thread: others could hold a lock that is copied by the fork."""
        server = start()

        found = list(os.scandir(f"/proc/{server.process.pid}/task"))

        assert len(found) == 1


class TestReload:
    def test_drops_no_request(self, start, workers):
        """HUP replaces all workers, and no request fails, on new and on kept connections."""
        server = start()
        first = set(server.workers)

        with Load(server.port) as load:
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: not first & set(server.workers))
            server.wait_for_workers(workers)
            wait_until(lambda: min(load.sent["fresh"], load.sent["reused"]) > 10)

        assert load.failures == []
        assert not first & set(server.workers)

    def test_keeps_the_old_where_the_new_cannot_start(self, start, workers, tmp_path):
        """If a new worker dies at its start, the old one serves on."""
        broken = tmp_path / "broken"
        server = start(BROKEN_FORK=str(broken))
        before = server.workers
        broken.touch()

        with Probe(server.port) as probe:
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "".join(server.lines).count("died: 3") == workers)

        assert probe.failures == []
        assert server.workers == before


class TestStop:
    def test_answers_queued_requests(self, start):
        """TERM answers 40 slow requests that wait for a thread, and the server exits with 0."""
        server = start()
        statuses = []
        threads = [
            threading.Thread(target=lambda: statuses.append(ask(server.port, "/v1/nap", 20)))
            for _ in range(40)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.5)

        server.process.terminate()
        for thread in threads:
            thread.join()

        assert statuses == [200] * 40
        assert server.process.wait(timeout=20) == 0

    def test_answers_connections_right_before_it(self, start):
        """TERM right behind 200 new connections answers all of them."""
        server = start()

        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
        for client in clients:
            client.sendall(REQUEST.replace(b"nap", b"process"))
        server.process.terminate()
        answers = [client.makefile("rb").readline() for client in clients]
        for client in clients:
            client.close()

        assert answers == [b"HTTP/1.1 200 OK\r\n"] * 200
        assert server.process.wait(timeout=20) == 0

    def test_refuses_new_connections_while_it_answers(self, start):
        """A server that ends leaves no client waiting for an answer that does not come."""
        server = start()

        with socket.create_connection(("127.0.0.1", server.port)) as slow:
            slow.sendall(REQUEST.replace(b"nap", b"slow"))
            time.sleep(0.2)
            server.process.terminate()
            time.sleep(0.7)
            with pytest.raises(ConnectionError):
                ask(server.port, "/healthz")
            answer = slow.makefile("rb").readline()

        assert answer == b"HTTP/1.1 200 OK\r\n"
        assert server.process.wait(timeout=20) == 0
