"""Failed logins are counted in Redis, exactly over processes and machines."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx2
import pytest

from mercato_kit.db import new_id
from mercato_users.counters import Counter as Failures, Limit
from mercato_users.counters.redis import RedisAwayError, RedisCounters

MINUTES = timedelta(minutes=5)
PASSWORD = "four plain green chairs"
OWNER = "owner@example.com"

BOTH = Failures("test", "alice", (Limit(3, MINUTES), Limit(4, timedelta(days=1))))
OTHER = Failures("test", "bob", (Limit(9, MINUTES),))


@pytest.fixture
def counters(server, url):
    """Counters in a running Redis."""
    return RedisCounters(url, "one:")


@pytest.fixture
def fail(counters):
    """A function that counts a failure, and returns the seconds to wait."""
    return lambda *which, attempt=None: (
        counters.spend(which, failures=1, attempt=attempt or new_id()).wait
    )


class TestCounters:
    def test_count_up_to_the_limit(self, fail, counters):
        """After three failures, the next one waits until the first is five minutes old."""
        waits = [fail(BOTH) for _ in range(4)]

        assert waits[:3] == [0, 0, 0]
        assert 290 < waits[3] <= 300
        assert counters.spend([BOTH], failures=0, attempt=new_id()).wait > 0
        assert counters.spend([OTHER], failures=0, attempt=new_id()).wait == 0

    def test_count_an_attempt_once(self, fail):
        """A unit of work that runs again counts nothing more, and is not refused by itself."""
        attempt = new_id()
        repeated = [fail(BOTH, attempt=attempt) for _ in range(5)]
        others = [fail(BOTH) for _ in range(3)]

        assert repeated == [0] * 5
        assert [wait > 0 for wait in others] == [False, False, True]

    def test_count_on_all_or_none(self, fail):
        """If one counter is full, the others do not change."""
        for _ in range(3):
            fail(BOTH)

        assert fail(OTHER, BOTH) > 0
        assert [fail(OTHER) > 0 for _ in range(10)] == [False] * 9 + [True]

    def test_say_which_are_full(self, counters):
        """The attempt that uses up a limit says which counter has no room left."""
        spent = [counters.spend([OTHER, BOTH], failures=1, attempt=new_id()) for _ in range(4)]

        assert [one.full for one in spent] == [frozenset()] * 2 + [{BOTH.kind}, frozenset()]

    def test_count_exactly_under_concurrency(self, fail):
        """Of a hundred at once, nine are counted."""
        with ThreadPoolExecutor(10) as threads:
            waits = list(threads.map(lambda _: fail(OTHER), range(100)))

        assert waits.count(0) == 9

    def test_are_of_one_deployment(self, fail, url):
        """Another deployment in the same Redis counts for itself."""
        for _ in range(3):
            fail(BOTH)

        assert RedisCounters(url, "two:").spend([BOTH], failures=1, attempt=new_id()).wait == 0

    def test_pause_while_redis_is_away(self, fail, server):
        """A Redis that does not answer is reported, and not asked again for a moment."""
        server.kill()
        server.wait()

        for _ in range(2):
            with pytest.raises(RedisAwayError):
                fail(BOTH)


def log_in(shop, password, **members):
    """Try to log in as the owner, and return the response."""
    body = {"email": OWNER, "password": password, **members}
    return httpx2.post(f"{shop.address}/v1/auth/login", json=body, timeout=60)


@pytest.fixture
def shops(server, url, open_shops):
    """Two shops of two processes each, which share a database with the owner's account."""
    both = open_shops(url, number=2, limit=100_000)
    both[0].run("users", "create", OWNER, typed=f"{PASSWORD}\n")
    return both


@pytest.fixture
def device(shops):
    """The token of the owner's device."""
    return log_in(shops[0], PASSWORD).json()["device_token"]


class TestManyStrangers:
    def test_get_ten_answers_over_processes(self, shops, device):
        """Of 200 strangers at two shops ten are answered; the owner logs in on a known device."""
        with ThreadPoolExecutor(16) as threads:
            strangers = threads.map(
                lambda number: log_in(shops[number % 2], f"wrong {number}").status_code, range(200)
            )
            owner = [threads.submit(log_in, one, PASSWORD, device_token=device) for one in shops]

        assert Counter(strangers) == {401: 10, 429: 190}
        assert [one.result().status_code for one in owner] == [200, 200]
        assert log_in(shops[0], PASSWORD).status_code == 429

    def test_get_twenty_at_most_while_redis_dies(self, shops, device, server):
        """When Redis is killed, the tables count; nothing fails, and the owner still logs in."""
        with ThreadPoolExecutor(16) as threads:
            answers = [
                threads.submit(log_in, shops[number % 2], f"wrong {number}")
                for number in range(100)
            ]
            answers[20].result()
            server.kill()
            server.wait()
            owner = threads.submit(log_in, shops[0], PASSWORD, device_token=device)
            counted = Counter(one.result().status_code for one in answers)

        assert set(counted) == {401, 429}
        assert 10 <= counted[401] <= 20
        assert owner.result().status_code == 200
