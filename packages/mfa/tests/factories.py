"""Factors of accounts, and callers."""

import json
from dataclasses import replace

from mercato_kit import keys
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.principals import Principal
from mercato_mfa import services
from mercato_mfa.models import SEALED_FOR, Totp
from mercato_mfa.services import recovery_codes, totp

from .accounts import BOOK


def owner(*, acr=2):
    """Return a caller."""
    address = f"{new_id()}@example.com"
    return Principal(sub=new_id(), kind="user", email=address, acr=acr, factor=acr == 2)


def owner_of(caller):
    """Return a caller in a session that has used its factor."""
    return replace(caller, acr=2, factor=True)


def add_totp(user_id, **columns):
    """Add an authenticator app, and return its secret."""
    secret = totp.new_secret()
    sealed = keys.seal(SEALED_FOR, secret)
    columns = {"confirmed_at": utc_now(), **columns}
    session.add(Totp(user_id=user_id, secret_sealed=sealed, **columns))
    session.flush()
    BOOK.having.add(user_id)
    return secret


def add_passkey(caller, authenticator):
    """Add the passkey of an authenticator, and return it."""
    begun = services.begin_passkey(caller)
    credential = authenticator.create(begun.options)
    return services.add_passkey(caller, begun.challenge, credential, "Key")


def add_codes(user_id):
    """Add an authenticator app and recovery codes, and return the codes."""
    add_totp(user_id)
    return recovery_codes.replace_codes(user_id)


def code_of(secret, offset=0):
    """Return the code of an app now, or some half minutes later."""
    return totp.code_at(secret, totp.current_step() + offset)


def spoil(credential, **members):
    """Return the JSON text of a credential with other members in its response."""
    made = json.loads(credential)
    made["response"].update(members)
    return json.dumps(made)
