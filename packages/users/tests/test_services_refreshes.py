from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings as examples, strategies as st

from mercato_kit.db import new_id, session, utc_now
from mercato_users.models import AuditEvent, RefreshToken, Session

from . import factories

STEPS = st.tuples(st.sampled_from(["refresh", "refresh", "wait", "log out"]), st.integers(0, 2))


def refresh(client, token):
    """Send a refresh token, and return the response."""
    return client.post("/v1/auth/refresh", json={"refresh_token": token})


def pass_time(seconds):
    """Move the use of refresh tokens into the past."""
    earlier = utc_now() - timedelta(seconds=seconds)
    used = RefreshToken.used_at.is_not(None)
    session.execute(sa.update(RefreshToken).where(used).values(used_at=earlier))


class TestRefresh:
    def test_returns_new_tokens(self, client, alice):
        """The new access token and refresh token are valid."""
        first = refresh(client, alice.tokens["refresh_token"])
        second = refresh(client, first.json["refresh_token"])

        me = client.get("/v1/users/me", headers=factories.bearer(second.json["access_token"]))

        assert (first.status_code, second.status_code, me.status_code) == (200, 200, 200)
        assert set(first.json) == {"access_token", "token_type", "expires_in", "refresh_token"}

    def test_returns_the_same_successor_if_repeated(self, client, alice):
        """A client that lost the response can repeat the request."""
        first = refresh(client, alice.tokens["refresh_token"])
        again = refresh(client, alice.tokens["refresh_token"])

        assert again.status_code == 200
        assert again.json["refresh_token"] == first.json["refresh_token"]

    def test_ends_the_session_if_a_token_is_used_again_late(self, client, alice, commit):
        """A second use after the grace period of ten seconds ends the session."""
        successor = refresh(client, alice.tokens["refresh_token"]).json["refresh_token"]
        commit(pass_time, 11)

        reused = refresh(client, alice.tokens["refresh_token"])

        assert (reused.status_code, reused.json["code"]) == (401, "refresh_token_reused")
        assert "WWW-Authenticate" in reused.headers
        assert refresh(client, successor).status_code == 401
        assert alice.get("/v1/users/me").status_code == 401

    def test_ends_the_session_if_the_successor_was_used(self, client, alice):
        """Within the grace period, too, a token is invalid once its successor was used."""
        successor = refresh(client, alice.tokens["refresh_token"]).json["refresh_token"]
        newest = refresh(client, successor).json["refresh_token"]

        reused = refresh(client, alice.tokens["refresh_token"])

        assert reused.json["code"] == "refresh_token_reused"
        assert refresh(client, newest).status_code == 401

    def test_records_the_reuse(self, client, alice, commit):
        """The audit trail says why the session ended."""
        refresh(client, refresh(client, alice.tokens["refresh_token"]).json["refresh_token"])
        refresh(client, alice.tokens["refresh_token"])

        kinds = commit(lambda: list(session.scalars(sa.select(AuditEvent.type))))

        assert "refresh_token_reused" in kinds

    def test_never_forks_under_concurrency(self, app, client, alice, commit):
        """20 rounds of 10 concurrent refreshes give one successor each, and none is refused."""
        token = alice.tokens["refresh_token"]
        with ThreadPoolExecutor(10) as threads:
            for round_ in range(20):
                given = token
                answers = list(
                    threads.map(lambda _, sent=given: refresh(app.test_client(), sent), range(10))
                )

                assert {answer.status_code for answer in answers} == {200}, round_
                (token,) = {answer.json["refresh_token"] for answer in answers}

        links = commit(lambda: session.scalar(sa.select(sa.func.count(RefreshToken.token_hash))))
        replayed = refresh(client, given)
        assert links == 21
        assert replayed.status_code == 200, "its successor is unused and it is recent"

    def test_revokes_the_session_on_a_concurrent_replay(self, app, client, alice):
        """20 rounds: reuse of an old token, concurrent with a refresh, revokes the session."""
        for _ in range(20):
            tokens = factories.log_in(client)
            newest = refresh(client, tokens["refresh_token"]).json["refresh_token"]
            newest = refresh(client, newest).json["refresh_token"]

            with ThreadPoolExecutor(5) as threads:
                replays = threads.map(
                    lambda _, sent=tokens["refresh_token"]: refresh(app.test_client(), sent),
                    range(5),
                )

            assert {replay.status_code for replay in replays} == {401}
            assert refresh(client, newest).status_code == 401

    @pytest.mark.parametrize("kind", ["unknown", "access token"])
    def test_refuses_other_tokens(self, client, alice, kind):
        """Unknown tokens and access tokens answer 401 with a challenge."""
        token = {"unknown": "made-up", "access token": alice.tokens["access_token"]}[kind]

        refused = refresh(client, token[:200])

        assert refused.status_code == 401
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]

    def test_ends_with_the_session(self, client, alice, commit):
        """A session ends after thirty days, even if it is refreshed."""
        over = utc_now() - timedelta(seconds=1)
        commit(lambda: session.execute(sa.update(Session).values(expires_at=over)))

        refused = refresh(client, alice.tokens["refresh_token"])

        assert refused.status_code == 401

    def test_stores_hashes_only(self, alice, commit):
        """The database contains no refresh token."""
        kept = commit(lambda: list(session.scalars(sa.select(RefreshToken.token_hash))))

        assert alice.tokens["refresh_token"] not in kept

    @examples(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(steps=st.lists(STEPS, min_size=1, max_size=12))
    def test_agrees_with_the_model(self, client, commit, steps):
        """Any sequence of refreshes, pauses and a logout gives the results of the model."""
        address = f"{new_id()}@example.com"
        commit(factories.make_user, address)
        tokens = factories.log_in(client, address)
        chain, recent, alive = [tokens["refresh_token"]], set(), True

        for what, back in steps:
            if what == "log out":
                headers = factories.bearer(tokens["access_token"])
                ended = client.post("/v1/auth/logout", headers=headers)
                assert ended.status_code == (204 if alive else 401)
                alive = False
            elif what == "wait":
                commit(pass_time, 11)
                recent.clear()
            else:
                position = max(0, len(chain) - 1 - back)
                answer = refresh(client, chain[position])
                newest = position == len(chain) - 1
                repeated = position == len(chain) - 2 and position in recent
                alive = alive and (newest or repeated)
                assert answer.status_code == (200 if alive else 401)
                if alive and newest:
                    chain.append(answer.json["refresh_token"])
                    recent.add(position)
                elif alive:
                    assert answer.json["refresh_token"] == chain[-1]


class TestLogOut:
    def test_ends_the_session(self, client, alice):
        """Access and refresh token are refused from the next request on."""
        answer = alice.post("/v1/auth/logout")

        assert answer.status_code == 204
        assert alice.get("/v1/users/me").status_code == 401
        assert refresh(client, alice.tokens["refresh_token"]).status_code == 401

    def test_keeps_other_sessions(self, client, alice):
        """Other sessions of the user stay active."""
        elsewhere = factories.log_in(client)

        alice.post("/v1/auth/logout")

        me = client.get("/v1/users/me", headers=factories.bearer(elsewhere["access_token"]))
        assert me.status_code == 200

    def test_requires_a_login(self, client):
        """A guest gets 401."""
        refused = client.post("/v1/auth/logout")

        assert refused.status_code == 401
