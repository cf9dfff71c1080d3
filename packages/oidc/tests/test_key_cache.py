"""Slow, faulty and unreachable issuers: the responses of the shop, and the number of fetches."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mercato_oidc.key_cache import LONGEST_WAIT_SECONDS

from . import factories
from .factories import OTHER_RSA, P256, RSA, call, jwk_of, key_set, until
from .misbehaving import HUGE, WRONG, silent, took, writing

SLACK_SECONDS = 4
"""What a busy machine may add; the timeouts of what hangs are longer in these tests."""

ENDLESS_SECONDS = 30
STORM = 50


@pytest.fixture
def warm(app_of, issuer):
    """Make clients of apps that know the issuer's keys: ``warm(keys_kept_seconds=1)``."""

    def make(**changes):
        client = app_of(issuer, **{"timeout_seconds": 10, **changes}).test_client()
        until(lambda: call(client, issuer.token()).status_code == 200)
        return client

    return make


class TestFirstToken:
    def test_waits_for_an_answer_that_comes_soon(self, app_of, issuer):
        """The first token of an app is accepted after the first fetch."""
        first_tokens = []

        # On a busy machine a good response may come too late.
        until(
            lambda: (
                first_tokens.append(call(app_of(issuer).test_client(), issuer.token()).status_code)
                or first_tokens[-1] == 200
            )
        )

        assert set(first_tokens) <= {200, 503}
        assert issuer.asked <= len(first_tokens)

    @pytest.mark.parametrize("wrong", WRONG)
    def test_costs_one_fetch_and_gets_503(self, app_of, issuer, wrong):
        """503 with Retry-After in time; during the pause no request waits or fetches."""
        issuer.sent = 0
        WRONG[wrong](issuer)
        client = app_of(issuer, fetch_pause_seconds=60).test_client()

        first, seconds = took(lambda: call(client, issuer.token()))
        until(lambda: client.get("/readyz").json["left_out"][0]["detail"].find("no answer") < 0)
        others = [call(client, issuer.token()) for _ in range(3)]

        assert seconds < LONGEST_WAIT_SECONDS + SLACK_SECONDS
        for answer in [first, *others]:
            assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
        assert 1 <= int(first.headers["Retry-After"]) <= 60
        assert 30 <= int(others[-1].headers["Retry-After"]) <= 60
        # On a busy machine, the issuer notes the request after the client has given up.
        until(lambda: issuer.asked > 0)
        assert issuer.asked == 1
        assert issuer.sent < HUGE / 10

    def test_gets_503_where_nothing_listens(self, app_of, issuer):
        """A refused connection gets 503."""
        client = app_of(issuer, jwks_uri="http://127.0.0.1:1/keys").test_client()

        assert call(client, issuer.token()).status_code == 503

    @pytest.mark.parametrize("wrong", ["black hole", "HTML", "cut off"])
    def test_is_accepted_when_the_issuer_is_back(self, app_of, issuer, wrong):
        """After the pause, the next token starts another fetch."""
        good = issuer.write
        WRONG[wrong](issuer)
        client = app_of(issuer, fetch_pause_seconds=0.05).test_client()
        assert call(client, issuer.token()).status_code == 503

        issuer.write = good

        until(lambda: call(client, issuer.token()).status_code == 200)


class TestKnownKeys:
    @pytest.mark.parametrize("wrong", WRONG)
    def test_stay_good_while_the_issuer_is_not(self, warm, issuer, wrong):
        """Tokens of known keys are accepted after any number of failed fetches."""
        issuer.sent = 0
        client = warm(keys_kept_seconds=0.01, fetch_pause_seconds=0.01, timeout_seconds=1)
        WRONG[wrong](issuer)
        asked = issuer.asked

        statuses = []
        until(
            lambda: (
                statuses.append(call(client, issuer.token()).status_code)
                or issuer.asked >= asked + 2
            )
        )

        assert set(statuses) == {200}

    def test_are_used_without_waiting(self, warm, issuer):
        """Old keys are used while new ones are fetched in the background."""
        client = warm(keys_kept_seconds=1, timeout_seconds=ENDLESS_SECONDS)
        token = issuer.token()
        writing(silent)(issuer)
        until(lambda: call(client, token).status_code == 200 and issuer.asked == 2)

        answer, seconds = took(lambda: call(client, token))

        assert answer.status_code == 200
        assert seconds < LONGEST_WAIT_SECONDS + SLACK_SECONDS

    @pytest.mark.parametrize("left", [[], [jwk_of(P256, "p256")]], ids=["none", "another"])
    def test_go_when_the_issuer_withdraws_them(self, warm, issuer, left):
        """After the next successful fetch their tokens are refused."""
        client = warm(keys_kept_seconds=0.01, fetch_pause_seconds=0.01)

        issuer.answer_with(key_set(*left))

        until(lambda: call(client, issuer.token()).status_code == 401)

    def test_that_nobody_used_for_long_are_fetched_first(self, warm, issuer):
        """A token of a key withdrawn in a long time without requests is refused."""
        client = warm(keys_kept_seconds=0.001, fetch_pause_seconds=0.001)
        until(lambda: call(client, issuer.token(kid="x")).status_code == 401)
        asked = issuer.asked
        issuer.answer_with(key_set(jwk_of(P256, "p256")))

        # The keys of the fetch before are used for a millisecond.
        until(lambda: call(client, issuer.token()).status_code == 401)

        assert issuer.asked > asked


class TestUnknownKeys:
    def test_are_fetched_when_the_issuer_has_a_new_one(self, warm, issuer):
        """The first token of a new key is accepted."""
        client = warm(fetch_pause_seconds=0.01)
        issuer.answer_with(key_set(jwk_of(RSA, "rsa"), jwk_of(OTHER_RSA, "new")))
        token = issuer.token(key=OTHER_RSA, kid="new")

        until(lambda: call(client, token).status_code == 200)

        assert issuer.asked <= 3

    def test_are_refused_in_the_pause_after_a_fetch(self, warm, issuer):
        """Invented key ids do not cause fetches."""
        client = warm(fetch_pause_seconds=60)

        answers = {call(client, issuer.token(kid=str(n))).status_code for n in range(20)}

        assert answers == {401}
        assert issuer.asked == 1

    def test_get_503_while_the_issuer_is_away(self, warm, issuer):
        """An unknown key gets 503, since it may be new; known keys keep working."""
        client = warm(fetch_pause_seconds=0.01)
        WRONG["HTML"](issuer)

        until(lambda: call(client, issuer.token(kid="new")).status_code == 503)

        assert call(client, issuer.token(kid="new")).status_code == 503
        assert call(client, issuer.token()).status_code == 200


def storm(client_of, tokens):
    """Send all tokens at once; return the statuses, and the longest time in seconds."""
    start = threading.Barrier(len(tokens))

    def one(token):
        client = client_of()
        start.wait()
        answer, seconds = took(lambda: call(client, token))
        return answer.status_code, seconds

    with ThreadPoolExecutor(len(tokens)) as pool:
        statuses, times = zip(*pool.map(one, tokens), strict=True)
    return statuses, max(times)


class TestStorm:
    def test_of_unknown_keys_on_a_black_hole_costs_one_fetch(self, app_of, issuer):
        """50 concurrent requests: one fetch, no queue, and 503 for each in time."""
        writing(silent)(issuer)
        app = app_of(issuer, timeout_seconds=ENDLESS_SECONDS)
        tokens = [issuer.token(kid=str(number)) for number in range(STORM)]

        statuses, longest = storm(app.test_client, tokens)

        assert set(statuses) == {503}
        assert issuer.asked == 1
        assert longest < LONGEST_WAIT_SECONDS + SLACK_SECONDS

    def test_does_not_delay_known_keys(self, warm, app_of, issuer):
        """Tokens of known keys are accepted without delay at the same time."""
        client = warm(fetch_pause_seconds=0.01, timeout_seconds=ENDLESS_SECONDS)
        writing(silent)(issuer)
        tokens = [issuer.token(kid=str(number)) for number in range(STORM)]
        good = [issuer.token() for _ in range(10)]

        statuses, longest = storm(client.application.test_client, [*tokens, *good])

        assert statuses[STORM:] == (200,) * len(good)
        assert set(statuses[:STORM]) <= {401, 503}
        assert issuer.asked == 2
        assert longest < LONGEST_WAIT_SECONDS + SLACK_SECONDS


class TestState:
    def test_is_not_shared_by_apps(self, app_of, issuer):
        """Each app fetches its own keys, and trusts only its own issuer."""
        with factories.running_issuer() as other:
            other.answer_with(key_set(jwk_of(OTHER_RSA, "rsa")))
            clients = [app_of(one).test_client() for one in (issuer, issuer, other)]
            until(lambda: all(one.get("/readyz").json["status"] == "ready" for one in clients))

            statuses = [call(client, issuer.token()).status_code for client in clients]

            assert statuses == [200, 200, 401]
            assert (issuer.asked, other.asked) == (2, 1)

    def test_is_not_shared_with_a_fork(self, issuer):
        """A process forked during a fetch starts another fetch."""
        good = issuer.write

        def silent_once(handler):
            issuer.write = good
            issuer.released.wait()

        issuer.write = silent_once
        program = Path(__file__).with_name("forking.py")

        pipe = subprocess.PIPE
        command = [sys.executable, program, issuer.jwks_uri]
        with subprocess.Popen(command, stdin=pipe, stderr=pipe, text=True) as process:
            until(lambda: issuer.asked == 1)
            _, errors = process.communicate("\n", timeout=60)

        assert process.returncode == 0, errors
        assert issuer.asked == 2


class TestMistake:
    def test_is_none_once_there_are_keys(self, app_of, issuer):
        """The readiness check fetches the keys before the first token comes."""
        client = app_of(issuer).test_client()

        until(lambda: client.get("/readyz").json["status"] == "ready")

        assert issuer.asked == 1
        assert call(client, issuer.token()).status_code == 200
        assert issuer.asked == 1

    def test_says_that_the_issuer_is_away_and_does_not_stop_the_shop(self, app_of, issuer):
        """The shop stays ready, but degraded: another process would not reach the issuer either."""
        issuer.answer_with(b"", status=502)
        client = app_of(issuer).test_client()

        until(lambda: "502" in client.get("/readyz").text)
        answer = client.get("/readyz")

        assert (answer.status_code, answer.json["status"]) == (200, "degraded")
        [left_out] = answer.json["left_out"]
        assert left_out == {
            "feature": "oidc",
            "detail": f"issuer_keys: the keys of {issuer.address} cannot be fetched: "
            "it answered with status 502",
        }
