import os
import signal
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from mercato_database.runner import upgrade
from mercato_testing.samples import notes

from .serving import serving

feature = notes.feature


@pytest.fixture
def start(tmp_path):
    """A function that starts `mercato serve`."""
    with serving(tmp_path) as start:
        yield start


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
        server.wait_for_line("died")
        server.wait_for_workers(2)
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
        server.wait_for_workers(0)
        server.process.send_signal(signal.SIGCONT)

        assert server.process.wait(timeout=20) == 0
        assert not server.has_processes()

    def test_workers_share_memory(self, running):
        """The garbage collector of a worker leaves alone what the main process made."""
        assert running.get("/v1/process")[1]["shared"] > 100_000

    def test_leaves_a_sqlite_database_in_one_file(self, running):
        """A server that has ended has put the log of its database into the file."""
        file = Path(sa.make_url(running.url).database)
        while_it_ran = [Path(f"{file}-wal").exists()]

        running.process.terminate()
        running.process.wait(timeout=20)

        assert (while_it_ran, Path(f"{file}-wal").exists()) == ([True], False)

    def test_says_what_it_lacks_for_the_open_internet(self, running):
        """Outside production and without a proxy, one line says so."""
        lines = [line for line in running.lines if "Not for the open internet" in line]

        assert len(lines) == 1
        assert 'environment = "production"' in lines[0]
        assert "trusted_proxies" in lines[0]

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
        head = b"POST /v1/deeds HTTP/1.1\r\nHost: shop\r\nContent-Length: 300000\r\n\r\n"

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
