"""The keys of access tokens are rotated, and no one is signed out."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mercato_kit import keys
from mercato_kit.db import session
from mercato_users import key_ring, services
from mercato_users.models import AuditEvent, StoredSigningKey
from mercato_users.values import Credentials

from . import factories


@pytest.fixture(autouse=True)
def ring(app):
    """A key ring as that of a process that has just started; the next test gets another one."""
    app.extensions[key_ring.EXTENSION] = key_ring.KeyRing()
    yield app.extensions[key_ring.EXTENSION]
    del app.extensions[key_ring.EXTENSION]


@pytest.fixture
def rotate(commit):
    """A function that rotates the keys, and returns their ids: the newest first."""

    def call(*, at_once=False):
        return commit(lambda: [one.kid for one in services.rotate_keys(at_once=at_once)])

    return call


@pytest.fixture
def pass_time(commit, ring):
    """A function that lets time pass for the stored keys."""

    def shift(by):
        for row in session.scalars(sa.select(StoredSigningKey)):
            row.signs_from -= by
            row.gone_at = row.gone_at and row.gone_at - by

    def call(by):
        commit(lambda: shift(by))
        commit(ring.read)

    return call


def kid_of(token):
    """Return the id of the key that signed a token."""
    return jwt.get_unverified_header(token)["kid"]


def published(client):
    """Return the ids of the keys in the JWK set."""
    return {key["kid"] for key in client.get("/.well-known/jwks.json").json["keys"]}


def refreshed(client, tokens):
    """Refresh tokens, and return the new ones."""
    answer = client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert answer.status_code == 200, answer.json
    return answer.json


def status_with(client, tokens):
    """Return the status of a request with an access token."""
    return client.get("/v1/users/me", headers=factories.bearer(tokens["access_token"])).status_code


class TestRotateKeys:
    def test_publishes_before_it_signs(self, client, alice, rotate):
        """The new key is in the JWK set at once; the former one signs for 15 more minutes."""
        former = kid_of(alice.tokens["access_token"])

        new, *others = rotate()

        assert others == [former]
        assert published(client) == {new, former}
        assert kid_of(refreshed(client, alice.tokens)["access_token"]) == former
        assert alice.get("/v1/users/me").status_code == 200

    def test_signs_after_fifteen_minutes(self, client, alice, rotate, pass_time):
        """Then the new key signs, and tokens of the former one are still valid."""
        new, former = rotate()
        pass_time(timedelta(minutes=15))

        tokens = refreshed(client, alice.tokens)

        assert kid_of(tokens["access_token"]) == new
        assert status_with(client, tokens) == 200
        assert alice.get("/v1/users/me").status_code == 200
        assert published(client) == {new, former}

    @pytest.mark.parametrize("gone", [False, True])
    def test_ends_when_the_last_token_has_expired(self, client, alice, rotate, pass_time, gone):
        """The former key is gone after the life of a token and a minute."""
        new, former = rotate()
        pass_time(timedelta(minutes=26) - (timedelta() if gone else timedelta(seconds=5)))

        status = alice.get("/v1/users/me").status_code

        assert status == (401 if gone else 200)
        assert published(client) == ({new} if gone else {new, former})

    def test_ends_a_leaked_key_at_once(self, client, alice, rotate, ring):
        """With `at_once`, the new key signs now, and tokens of the former one are refused."""
        new, former = rotate(at_once=True)
        tokens = refreshed(client, alice.tokens)

        assert former == kid_of(alice.tokens["access_token"])
        assert kid_of(tokens["access_token"]) == new
        assert published(client) == {new}
        assert (alice.get("/v1/users/me").status_code, status_with(client, tokens)) == (401, 200)

    def test_ends_keys_that_were_about_to_sign(self, client, alice, rotate):
        """A leak ends also the key of a rotation that has not come into force."""
        rotate()

        new, *_ = rotate(at_once=True)

        assert published(client) == {new}

    def test_can_be_done_twice(self, client, alice, rotate, pass_time):
        """The key of a second rotation signs after that of the first one."""
        first, _ = rotate()
        pass_time(timedelta(minutes=5))
        second, *_ = rotate()
        kids = []
        for minutes in (10, 5):
            pass_time(timedelta(minutes=minutes))
            alice.tokens = refreshed(client, alice.tokens)
            kids.append(kid_of(alice.tokens["access_token"]))

        assert kids == [first, second]

    def test_keeps_sealed_keys(self, rotate, commit):
        """The table has no private key in clear, and the server key opens them."""
        rotate()

        def read():
            for row in session.scalars(sa.select(StoredSigningKey)):
                seed = keys.open("users.signing_key", row.private_sealed)
                assert seed not in row.private_sealed
                assert "d" not in row.public_jwk
                yield len(seed)

        assert commit(lambda: list(read())) == [32, 32]

    def test_is_in_the_audit_trail(self, rotate, commit):
        """A rotation is recorded for the system, with the id of the new key."""
        new, _ = rotate()

        [event] = commit(lambda: session.scalars(sa.select(AuditEvent)).all())

        assert (event.type, event.by, event.data["kid"]) == ("keys_rotated", "system", new)

    def test_forgets_keys_a_day_after_they_have_gone(self, rotate, pass_time, commit, run_worker):
        """The worker deletes them, and never the key that signs."""
        new, _ = rotate()
        pass_time(timedelta(days=1, minutes=27))

        run_worker()

        assert commit(lambda: session.scalars(sa.select(StoredSigningKey.kid)).all()) == [new]

    def test_survives_a_change_of_the_server_key(
        self, client, alice, rotate, server_key, run_worker, commit, ring
    ):
        """A stored key signs on during the change, and after it: the worker sealed it anew."""
        new, _ = rotate(at_once=True)
        server_key.change()
        during = refreshed(client, alice.tokens)
        run_worker()
        commit(ring.read)
        server_key.end_previous()
        after = refreshed(client, during)

        assert [kid_of(one["access_token"]) for one in (during, after)] == [new, new]
        assert [status_with(client, one) for one in (during, after)] == [200, 200]


class TestKeyRing:
    def test_reads_at_most_every_thirty_seconds(self, alice, ring, statements):
        """Requests with known keys do not read the table again."""
        alice.get("/v1/users/me")

        with statements as sent:
            alice.get("/v1/users/me")

        assert not [one for one in sent if "users_signing_key" in one]

    def test_reads_again_after_a_read_that_failed(self, app, commit, client, alice, rotate):
        """What a rotation has ended is refused, also if the keys could not be read at first."""
        old = dict(alice.tokens)
        rotate(at_once=True)
        app.extensions[key_ring.EXTENSION] = key_ring.KeyRing()

        def rename(name, new):
            commit(lambda: session.execute(sa.text(f"ALTER TABLE {name} RENAME TO {new}")))

        rename("users_signing_key", "users_elsewhere")
        try:
            away = status_with(client, old)
        finally:
            rename("users_elsewhere", "users_signing_key")

        assert (away, status_with(client, old)) == (500, 401)

    def test_reads_for_an_unknown_key_at_most_every_five_seconds(self, client, ring, statements):
        """Tokens of invented keys make one statement, not one each."""
        key = Ed25519PrivateKey.generate()
        forged = [jwt.encode({}, key, algorithm="EdDSA", headers={"kid": f"{n}"}) for n in "abc"]
        client.get("/v1/users/me", headers=factories.bearer(forged[0]))
        ring._missed_at = -1e9

        with statements as sent:
            for token in forged:
                client.get("/v1/users/me", headers=factories.bearer(token))

        assert len([one for one in sent if "users_signing_key" in one]) == 1

    def test_knows_the_key_of_another_process(self, app, client, alice, rotate, ring):
        """A token that a process signed after a rotation is accepted by one that did not see it."""
        client.get("/v1/users/me", headers=factories.bearer(alice.tokens["access_token"]))
        app.extensions[key_ring.EXTENSION] = key_ring.KeyRing()
        rotate(at_once=True)
        tokens = refreshed(client, alice.tokens)
        app.extensions[key_ring.EXTENSION] = ring

        assert status_with(client, tokens) == 200

    def test_goes_by_the_clock(self, alice, rotate, ring, statements):
        """A key that has gone is refused, although the table was not read since."""
        rotate()

        with statements as sent:
            # It reads for an unknown key only some time after the last one.
            ring._missed_at = time.monotonic()
            ring._stored = {
                kid: replace(one, gone_at=one.signs_from) for kid, one in ring._stored.items()
            }
            status = alice.get("/v1/users/me").status_code

        assert status == 401
        assert not [one for one in sent if "users_signing_key" in one]


class TestSetting:
    @pytest.fixture
    def pems(self):
        """Two private keys in PEM."""
        kinds = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return [Ed25519PrivateKey.generate().private_bytes(*kinds).decode() for _ in range(2)]

    @pytest.fixture
    def settings(self, settings, pems):
        """Settings with both keys."""
        return {**settings, "signing_key": "\n".join(pems)}

    def test_signs_with_the_first_key_and_verifies_with_all(self, app, client, alice):
        """The first PEM signs; a token of the second one is valid, and both are published."""
        with app.app_context():
            first, second = (one.private() for one in key_ring.current_ring()._used())
        claims = jwt.decode(alice.tokens["access_token"], options={"verify_signature": False})
        headers = {"kid": second.kid, "typ": "at+jwt"}
        of_second = jwt.encode(claims, second.private, algorithm="EdDSA", headers=headers)

        assert kid_of(alice.tokens["access_token"]) == first.kid
        assert status_with(client, {"access_token": of_second}) == 200
        assert published(client) == {first.kid, second.kid}

    def test_refuses_the_command(self, mercato_users):
        """Keys in the setting are rotated there; the command says how."""
        refused = mercato_users("rotate-keys")

        assert refused.exit_code != 0
        assert "signing_key" in refused.output


class TestCommand:
    @pytest.mark.parametrize("at_once", [False, True])
    def test_lists_the_keys(self, mercato_users, client, at_once):
        """The command prints the keys with their times, also as JSON."""
        options = ["--now"] if at_once else []

        done = mercato_users("rotate-keys", "--json", *options)

        assert done.exit_code == 0, done.output
        new, former = json.loads(done.output)
        assert new["gone_at"] is None
        assert (former["gone_at"] == new["signs_from"]) is at_once
        assert new["kid"] in published(client)


class TestUnderLoad:
    """Rotations while people log in: as long as each is valid, no token is refused."""

    @pytest.fixture
    def log_in(self, commit):
        """A function that logs in, and returns the tokens; the password is verified once for all.

        A hash takes longer than the rest of a login.
        """
        sent = Credentials(email=commit(factories.make_user).email, password=factories.PASSWORD)
        attempt = commit(services.verify_login, sent)

        def call():
            login = commit(services.log_in, attempt)
            return {"access_token": login.access_token, "refresh_token": login.refresh_token}

        return call

    @pytest.fixture
    def log_in_and_refresh(self, app, log_in):
        """A function that logs in, asks who it is, and refreshes; returns the statuses."""

        def call(_):
            client, tokens = app.test_client(), log_in()
            first = status_with(client, tokens)
            return first, status_with(client, refreshed(client, tokens))

        return call

    @pytest.mark.parametrize(("at_once", "logins"), [(False, 200), (True, 50)])
    def test_refuses_no_login(self, log_in_and_refresh, rotate, at_once, logins):
        """Logins during rotations all succeed, and so do their refreshes.

        A token that a leaked key signed a moment before is refused; its session goes on.
        """
        ended = threading.Event()

        def rotate_on():
            while not ended.wait(0.2):
                rotate(at_once=at_once)

        with ThreadPoolExecutor(5) as pool:
            rotating = pool.submit(rotate_on)
            found = list(pool.map(log_in_and_refresh, range(logins)))
            ended.set()
            rotating.result()

        statuses = {status for of_login in found for status in of_login}
        assert statuses <= ({200, 401} if at_once else {200})
