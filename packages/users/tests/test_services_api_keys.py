"""API keys: they are made, changed, rolled and revoked."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from mercato_kit.db import new_id, session, utc_now
from mercato_kit.errors import StepUpRequired, Unauthenticated
from mercato_kit.principals import Principal
from mercato_kit.schemas import render_instant
from mercato_users import services
from mercato_users.models import ApiKey, AuditEvent, Session
from mercato_users.values import NewApiKey

from . import factories
from .factories import id_of

KEYS = "/v1/api-keys"
BODY = {"name": "Stock sync", "scopes": ["users.read"]}


def create(caller, key="0123456789abcdef", **members):
    """Make a key, and return the answer."""
    return caller.post(KEYS, json={**BODY, **members}, headers={"Idempotency-Key": key})


class TestCreate:
    def test_shows_the_text_once(self, charlie, read_with, commit):
        """The repeated answer has no text, and what is stored does not have it either."""
        made = create(charlie)

        again = create(charlie)

        assert made.status_code == again.status_code == 201, made.json
        assert made.json["key"].startswith("mercato_test_")
        assert made.json["start"] == made.json["key"][:17]
        assert again.json == {**made.json, "key": None}
        assert again.headers["Idempotency-Replayed"] == "true"
        assert made.json["key"] not in str(commit(_rows))
        read = charlie.get(made.headers["Location"])
        assert read.json == {name: value for name, value in made.json.items() if name != "key"}
        assert read_with(made.json["key"], "/v1/users").status_code == 200

    def test_is_valid_for_ninety_days(self, alice):
        """The default; a year is the longest, and no key is valid for ever."""
        made = create(alice, scopes=[]).json
        longest = utc_now() + timedelta(days=365)
        long = create(alice, "f" * 16, scopes=[], expires_at=render_instant(longest))
        refused = [
            create(alice, "e" * 16, scopes=[], expires_at=render_instant(utc_now() + by))
            for by in (timedelta(days=365, minutes=1), timedelta(seconds=-1))
        ]

        assert made["expires_at"][:10] == str((utc_now() + timedelta(days=90)).date())
        assert long.status_code == 201
        assert [one.json["errors"][0]["pointer"] for one in refused] == ["/expires_at"] * 2

    def test_is_bounded_by_what_the_caller_holds(self, alice, charlie):
        """A scope that the caller lacks, or that no feature declares, is refused."""
        lacking, unknown = create(alice), create(charlie, scopes=["users.reed"])

        assert (lacking.status_code, lacking.json["code"]) == (403, "forbidden")
        assert unknown.json["errors"][0]["code"] == "unknown_permission"
        assert unknown.json["errors"][0]["pointer"] == "/scopes"

    def test_gives_nothing_that_the_session_lacks(self, alice, commit):
        """A scope that counts only with the second factor is not given without it."""
        caller = Principal(
            sub=id_of(alice), kind="user", withheld=frozenset({"users.read", "api_keys.write"})
        )
        for_other = NewApiKey(name="x", scopes=[], user_id=new_id())

        for new in (NewApiKey(name="x", scopes=["users.read"]), for_other):
            with pytest.raises(StepUpRequired):
                commit(services.create_api_key, new, caller)

    def test_is_refused_once_the_session_has_ended(self, alice, commit):
        """A thief whose session ends during the request gets no key: neither a new nor another."""
        user_id, key_id = id_of(alice), create(alice, scopes=[]).json["id"]
        ended = commit(lambda: session.scalars(sa.select(Session.id)).one())
        caller = Principal(sub=user_id, kind="user", session_id=ended)
        commit(services.end_other_sessions, user_id, None)

        with pytest.raises(Unauthenticated):
            commit(services.create_api_key, NewApiKey(name="x", scopes=[]), caller)
        with pytest.raises(Unauthenticated):
            commit(services.roll_api_key, UUID(key_id), caller, overlap_seconds=0)

    def test_of_another_account_needs_the_permission(self, as_user, alice, charlie, read_with):
        """It is not enough to hold what the account holds; its key acts for the account."""
        other = str(id_of(alice))
        reader = as_user(permissions=["users.read"])

        refused = create(reader, scopes=[], user_id=other)
        made = create(charlie, scopes=[], user_id=other)

        assert (refused.status_code, made.status_code) == (403, 201)
        assert read_with(made.json["key"], "/v1/users/me").json["id"] == other

    def test_of_another_account_needs_what_it_holds(self, as_user, charlie):
        """An account that holds more than the caller is out of reach."""
        key_maker = as_user(permissions=["api_keys.write"])

        refused = create(key_maker, scopes=[], user_id=str(id_of(charlie)))

        assert (refused.status_code, refused.json["code"]) == (403, "forbidden")

    def test_needs_an_active_account(self, charlie, commit):
        """A suspended or unknown account gets no key."""
        suspended = commit(factories.make_user, status="suspended").id

        answers = [create(charlie, user_id=str(one), scopes=[]) for one in (suspended, new_id())]

        assert [one.status_code for one in answers] == [422, 422]
        assert answers[0].json["errors"][0]["pointer"] == "/user_id"

    def test_is_limited(self, alice, commit):
        """An account has at most 50; one that has expired does not count."""
        for _ in range(50):
            commit(factories.make_api_key, id_of(alice))
        full = create(alice, scopes=[])
        commit(lambda: session.execute(sa.update(ApiKey).values(expires_at=utc_now())))

        assert (full.status_code, full.json["code"]) == (409, "limit_reached")
        assert create(alice, scopes=[]).status_code == 201

    def test_takes_few_statements(self, charlie, database, statements):
        """Caller, Idempotency-Key, room, session, and all that is written: one on PostgreSQL."""
        with statements as sent:
            assert create(charlie).status_code == 201

        assert len(sent) == (5 if database.url.startswith("postgresql") else 7), sent


class TestList:
    def test_has_the_own_keys(self, alice, bob, charlie):
        """Others are listed with the permission; a revoked key is gone."""
        first = create(alice, scopes=[]).json
        gone = create(alice, "f" * 16, scopes=[]).json
        create(bob, scopes=[])
        alice.delete(f"{KEYS}/{gone['id']}")
        query = {"user_id": first["user_id"]}

        listed = [one["id"] for one in alice.get(KEYS).json["data"]]
        refused = bob.get(KEYS, query_string=query).status_code
        by_staff = [one["id"] for one in charlie.get(KEYS, query_string=query).json["data"]]

        assert (listed, refused, by_staff) == ([first["id"]], 403, [first["id"]])

    def test_hides_those_of_others(self, alice, bob, charlie):
        """A key of another account does not exist for a caller without the permission."""
        path = f"{KEYS}/{create(alice, scopes=[]).json['id']}"
        headers = {"If-Match": '"1"'}

        answers = [
            bob.get(path),
            bob.patch(path, json={"name": "x"}, headers=headers),
            bob.post(f"{path}/roll", json={}),
            bob.delete(path),
        ]

        assert [one.status_code for one in answers] == [404] * 4
        assert charlie.get(path).status_code == 200


class TestUpdate:
    def test_takes_and_gives_scopes(self, charlie, read_with):
        """The next request of the key has the new scopes."""
        made = create(charlie)
        path, key = made.headers["Location"], made.json["key"]

        changed = charlie.patch(
            path, json={"scopes": ["audit.read"]}, headers={"If-Match": made.headers["ETag"]}
        )
        stale = charlie.patch(path, json={"name": "x"}, headers={"If-Match": made.headers["ETag"]})

        assert (changed.json["scopes"], changed.json["version"]) == (["audit.read"], 2)
        assert stale.status_code == 412
        assert read_with(key, "/v1/users").status_code == 403
        assert read_with(key, "/v1/audit-events").status_code == 200

    def test_gives_only_what_the_caller_holds(self, alice):
        """A new scope is as one of a new key."""
        made = create(alice, scopes=[])

        refused = alice.patch(
            made.headers["Location"],
            json={"scopes": ["users.read"]},
            headers={"If-Match": '"1"'},
        )

        assert refused.status_code == 403


class TestRoll:
    def test_replaces_a_key(self, charlie, read_with):
        """The old key ends at once, and the new one has its name, scopes and lifetime."""
        made = create(charlie)
        old = made.json

        rolled = charlie.post(f"{KEYS}/{old['id']}/roll", json={})

        new = rolled.json
        assert rolled.status_code == 201, new
        assert new["expires_at"][:10] == old["expires_at"][:10]
        assert [new[one] for one in ("name", "scopes")] == [old[one] for one in ("name", "scopes")]
        assert read_with(old["key"], "/v1/users").status_code == 401
        assert read_with(new["key"], "/v1/users").status_code == 200
        assert charlie.get(made.headers["Location"]).json["replaced_by"] == new["id"]

    def test_lets_the_old_key_overlap(self, charlie, read_with, commit):
        """Both are valid until the overlap is over; the old one never longer than before."""
        old = create(charlie).json
        path = f"{KEYS}/{old['id']}/roll"

        rolled = charlie.post(path, json={"overlap_seconds": 604800})
        again = charlie.post(path, json={})
        too_long = charlie.post(path, json={"overlap_seconds": 604801})

        assert [one.status_code for one in (rolled, again, too_long)] == [201, 409, 422]
        assert read_with(old["key"], "/v1/users").status_code == 200
        ends = commit(lambda: session.get_one(ApiKey, UUID(old["id"])).expires_at)
        assert timedelta(days=6, hours=23) < ends - utc_now() <= timedelta(days=7)

    def test_refuses_a_key_that_has_expired(self, charlie, commit):
        """A new key is made instead."""
        old = create(charlie).json
        commit(lambda: session.execute(sa.update(ApiKey).values(expires_at=utc_now())))

        refused = charlie.post(f"{KEYS}/{old['id']}/roll", json={})

        assert (refused.status_code, refused.json["code"]) == (409, "key_ended")

    def test_gives_no_scope_that_the_caller_lost(self, charlie, commit):
        """A thief of a session does not get with a new key what the session lacks."""
        old = create(charlie).json
        commit(factories.take_roles, id_of(charlie))

        assert charlie.post(f"{KEYS}/{old['id']}/roll", json={}).status_code == 403


class TestRevoke:
    def test_ends_a_key(self, charlie, read_with):
        """It is refused from the next request on, and it is gone from the list."""
        made = create(charlie)

        done = charlie.delete(made.headers["Location"])

        assert done.status_code == 204
        assert read_with(made.json["key"], "/v1/users").status_code == 401
        assert charlie.delete(made.headers["Location"]).status_code == 404
        assert charlie.get(KEYS).json["data"] == []


class TestAudit:
    def test_has_each_change(self, charlie, commit):
        """The trail of the owner says which key was made, changed, rolled and revoked."""
        made = create(charlie)
        path, etag = made.headers["Location"], {"If-Match": made.headers["ETag"]}
        charlie.patch(path, json={"name": "x"}, headers=etag)
        charlie.post(f"{path}/roll", json={})
        charlie.delete(path)

        trail = commit(_trail, id_of(charlie))

        whats = ["api_key_created", "api_key_changed", "api_key_rolled", "api_key_revoked"]
        assert [what for what, _ in trail] == whats
        assert trail[0][1]["key"] == made.json["id"]
        assert made.json["key"] not in str(trail)


def _rows():
    statement = sa.text("SELECT * FROM users_api_key, kit_idempotency")
    return session.execute(statement).all()


def _trail(user_id):
    events = sa.select(AuditEvent).where(
        AuditEvent.user_id == user_id, AuditEvent.type.startswith("api_key")
    )
    return [(one.type, one.data) for one in session.scalars(events.order_by(AuditEvent.id))]
