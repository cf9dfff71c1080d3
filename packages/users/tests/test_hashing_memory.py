"""Passwords are hashed in the memory that the settings allow."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Lock

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

        def take(_):
            barrier.wait()
            with memory.taken(19):
                with lock:
                    inside.append(1)
                    most.append(len(inside))
                with lock:
                    inside.pop()

        with ThreadPoolExecutor(20) as threads:
            list(threads.map(take, range(20)))

        assert max(most) <= 3
        with memory.taken(60):
            assert inside == []

    def test_is_waited_for_two_seconds(self):
        """A request that gets none is refused with 503, and takes nothing."""
        memory = Memory(19)

        with memory.taken(19), pytest.raises(Unavailable), memory.taken(1):
            pytest.fail("there was no memory")

        with memory.taken(19):
            assert memory.total == 19

    def test_is_enough_for_one(self):
        """What needs more than there is takes all of it."""
        memory = Memory(19)

        with memory.taken(128), pytest.raises(Unavailable), memory.taken(1):
            pytest.fail("there was no memory")


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

        # Threads, connections and statements of a hundred requests need some of their own.
        assert peak() - before < ALLOWED + 100
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
