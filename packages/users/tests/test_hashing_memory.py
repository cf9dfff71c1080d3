"""Passwords are hashed in the memory that the settings allow."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Lock

import pytest

from mercato_kit.errors import Unavailable
from mercato_users.hashing_memory import Memory, hashing_memory

from . import factories

LOGINS = 100
ALLOWED = 64


@pytest.fixture
def settings(settings):
    """Three passwords at once."""
    return {**settings, "password_memory_mib": ALLOWED}


class TestMemory:
    def test_is_never_exceeded(self):
        """Of many threads, as many as fit are inside at once."""
        memory, inside, most, lock = Memory(60), [], [], Lock()
        barrier = Barrier(20)

        def hash_one():
            with lock:
                inside.append(1)
                most.append(len(inside))
            with lock:
                inside.pop()

        def ask(_):
            barrier.wait()
            memory.run(19, hash_one)

        with ThreadPoolExecutor(20) as threads:
            list(threads.map(ask, range(20)))

        assert len(most) == 20
        assert max(most) <= 3

    def test_is_waited_for_two_seconds(self):
        """A request that gets none is refused with 503, and takes nothing."""
        memory, began, ended = Memory(40), Event(), Event()

        def hash_slowly():
            began.set()
            ended.wait(timeout=60)

        with ThreadPoolExecutor(1) as other:
            # It needs more than there is, so it takes all of it.
            slow = other.submit(memory.run, 128, hash_slowly)
            began.wait(timeout=60)
            with pytest.raises(Unavailable):
                memory.run(1, pytest.fail)
            ended.set()
            slow.result(timeout=60)

        assert memory.run(40, lambda: "free") == "free"


class TestHashingMemory:
    def test_is_that_of_the_settings(self, app):
        """One process has all of it."""
        with app.app_context():
            assert hashing_memory().total == ALLOWED

    def test_bounds_a_hundred_logins_at_once(self, app, commit):
        """A hundred logins at once are answered within the memory; each that waits is a 503."""
        commit(factories.make_user, "alice@example.com")
        body = {"email": "alice@example.com", "password": factories.PASSWORD}
        clients = [app.test_client() for _ in range(LOGINS)]
        clients[0].post("/v1/auth/login", json=body)
        before = begin_peak()

        with ThreadPoolExecutor(LOGINS) as threads:
            answers = list(
                threads.map(lambda one: one.post("/v1/auth/login", json=body).status_code, clients)
            )

        # A hundred threads and connections need some of their own.
        assert peak() - before < ALLOWED + 60
        assert set(answers) <= {200, 503}
        assert 200 in answers


def begin_peak():
    """Begin a new peak of the memory of this process, and return what it is in MiB now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak():
    """Return the most memory that this process had since then, in MiB."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
