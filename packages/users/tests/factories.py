"""Valid rows and request bodies."""

import uuid
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from argon2 import PasswordHasher

from mercato_kit.db import new_id, session, utc_now
from mercato_kit.emails import canonical_email
from mercato_users import opaque_tokens, services
from mercato_users.api_keys import new_key
from mercato_users.models import (
    ApiKey,
    Invitation,
    InvitationRole,
    LoginAttempt,
    Role,
    RolePermission,
    Session,
    User,
    UserRole,
)
from mercato_users.values import NewUser

PASSWORD = "four plain green chairs"
PASSWORD_HASH = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)

WRONG_LOGIN = {"email": "alice@example.com", "password": "not her password"}

WIDE = "alice@" + "".join(chr(ord(letter) + 0xFEE0) for letter in "example") + ".com"
"""alice@example.com in letters of full width, which look and fold alike."""


def make_user(email=None, **columns):
    """Create a verified account with the usual password."""
    address = email or f"{new_id()}@example.com"
    user = User(
        email=address,
        email_canonical=canonical_email(address),
        **{"email_verified_at": utc_now(), "password_hash": PASSWORD_HASH, **columns},
    )
    session.add(user)
    session.flush()
    return user


def make_role(name, permissions):
    """Store a role that holds *permissions*, also dormant ones, and return its id."""
    role = Role(name=name)
    session.add(role)
    session.flush()
    session.add_all(RolePermission(role_id=role.id, permission=one) for one in permissions)
    session.flush()
    return role.id


def give(email, permissions):
    """Give a user a new role that holds *permissions*."""
    user = session.query(User).filter_by(email=email).one()
    name = f"role of {user.id}"
    make_role(name, permissions)
    services.grant_role(user.id, name)


def open_sessions(user_id, number):
    """Open sessions of a user, one after another, and return the id of the oldest."""
    now = utc_now()
    ids = [new_id() for _ in range(number)]
    session.add_all(
        Session(
            id=one,
            user_id=user_id,
            created_at=now,
            last_seen_at=now - timedelta(minutes=number - place),
            expires_at=now + timedelta(days=30),
            idle_expires_at=now + timedelta(days=14),
            auth_time=now,
            amr=["pwd"],
        )
        for place, one in enumerate(ids)
    )
    session.flush()
    return ids[0]


def make_api_key(user_id, scopes=(), **columns):
    """Store an API key that expires in an hour, and return its text and its id."""
    text, now = new_key("live"), utc_now()
    values = {
        "user_id": user_id,
        "name": "Key",
        "start": text[:17],
        "key_hash": opaque_tokens.digest(text),
        "scopes": list(scopes),
        "created_by": user_id,
        "created_at": now,
        "expires_at": now + timedelta(hours=1),
    }
    key = ApiKey(**values | columns)
    session.add(key)
    session.flush()
    return text, key.id


def make_invitation(inviter_id, email, role_id):
    """Store an invitation to a role, and return its token."""
    token, now = opaque_tokens.new_token(), utc_now()
    invitation = Invitation(
        email=email,
        email_canonical=canonical_email(email),
        token_hash=opaque_tokens.digest(token),
        invited_by=inviter_id,
        created_at=now,
        expires_at=now + timedelta(hours=72),
    )
    session.add(invitation)
    session.flush()
    session.add(InvitationRole(invitation_id=invitation.id, role_id=role_id))
    session.flush()
    return token


def age_logins(by):
    """Move the last proof of identity of every session into the past."""
    session.execute(sa.update(Session).values(auth_time=utc_now() - by))


def registration(email="alice@example.com", **members):
    """Return the body of a registration."""
    return {"email": email, "password": PASSWORD, **members}


def new_user(email):
    """Return the data of a registration."""
    return NewUser(**registration(email))


def log_in(client, email="alice@example.com", password=PASSWORD):
    """Log in, and return the response body."""
    answer = client.post("/v1/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.json
    return answer.json


def id_of(client):
    """Return the id of the logged-in user."""
    return UUID(client.get("/v1/users/me").json["id"])


def bearer(access_token):
    """Return the headers with a bearer token."""
    return {"Authorization": f"Bearer {access_token}"}


def take_roles(user_id):
    """Remove all roles of a user."""
    session.execute(sa.delete(UserRole).where(UserRole.user_id == user_id))


def shift_attempts(by):
    """Move all attempts into the past."""
    for attempt in session.scalars(sa.select(LoginAttempt).order_by(LoginAttempt.window_start)):
        session.execute(
            sa.update(LoginAttempt)
            .where(
                LoginAttempt.key == attempt.key, LoginAttempt.window_start == attempt.window_start
            )
            .values(window_start=attempt.window_start - by)
        )


PROOF = {"current_password": PASSWORD}


def key():
    """Return the headers with a new Idempotency-Key."""
    return {"Idempotency-Key": str(uuid.uuid4())}


def close(client, **members):
    """Close the caller's account."""
    return client.delete("/v1/users/me", json={**PROOF, **members}, headers=key())
