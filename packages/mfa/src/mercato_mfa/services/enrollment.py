"""Add second factors to the account of the caller."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.accounts import Accounts
from mercato_contracts.second_factor import Proof
from mercato_kit import keys
from mercato_kit.db import found, new_id, refuse, session, unique_key, utc_now
from mercato_kit.errors import invalid
from mercato_kit.principals import Principal
from mercato_kit.services import get
from mercato_mfa.errors import EnrollmentExpired, NoFactor, PasskeyTaken, TooManyFactors
from mercato_mfa.models import SEALED_FOR, Passkey, Totp
from mercato_mfa.services import changes, passkeys, recovery_codes, totp

_CREDENTIAL = unique_key(Passkey, "credential_id")


@dataclass(frozen=True, slots=True)
class NewTotp:
    """An authenticator app that waits for its first code.

    Args:
        id: Its id.
        secret: The secret in base32, which is shown once.
        uri: The secret as an ``otpauth`` URI, for a QR code.
    """

    id: UUID
    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """The challenge and the options for a new passkey.

    Args:
        challenge: The challenge, to be sent with the passkey.
        options: The options of ``navigator.credentials.create()``, as JSON values.
    """

    challenge: str
    options: dict[str, Any]


def begin_totp(caller: Principal, label: str | None) -> NewTotp:
    """Make a secret for an authenticator app; it replaces one that waits for its first code.

    Raises:
        TooManyFactors: The account has ten of them.
    """
    user_id, secret, totp_id = changes.owner(caller), totp.new_secret(), new_id()
    changes.begin(caller)
    session.execute(sa.delete(Totp).where(Totp.user_id == user_id, Totp.confirmed_at.is_(None)))
    _require_room(Totp, user_id)
    session.add(
        Totp(
            id=totp_id,
            user_id=user_id,
            secret_sealed=keys.seal(SEALED_FOR, secret),
            label=label,
        )
    )
    account = caller.email or str(user_id)
    return NewTotp(totp_id, totp.text_of(secret), totp.uri_of(secret, account))


def confirm_totp(caller: Principal, totp_id: UUID, code: str) -> Totp:
    """Add an authenticator app whose first code is right.

    Raises:
        NotFound: The caller has no such app that waits for its first code.
        Invalid: The code is wrong.
        StepUpRequired: The account has got another factor meanwhile.
    """
    user_id = changes.owner(caller)
    changes.begin(caller)
    waiting = sa.select(Totp).where(
        Totp.id == totp_id, Totp.user_id == user_id, Totp.confirmed_at.is_(None)
    )
    new = found(session.scalar(waiting))
    step = next(totp.matching_steps(keys.open(SEALED_FOR, new.secret_sealed), code), None)
    if step is None:
        raise invalid("/code", "wrong_code", "The code is wrong. Check the clock of the device.")
    new.confirmed_at, new.last_step = utc_now(), step
    session.flush()
    changes.end(user_id, totp.METHOD, Proof(totp.AMR, new.id))
    return new


def begin_passkey(caller: Principal) -> NewPasskey:
    """Return a challenge and the options with which a browser makes a passkey.

    Raises:
        TooManyFactors: The account has ten of them.
    """
    # Imported before the account is locked.
    from mercato_mfa import ceremonies  # noqa: PLC0415

    user_id = changes.owner(caller)
    changes.begin(caller)
    _require_room(Passkey, user_id)
    challenge = get(Accounts).begin_enrollment(user_id)
    name = caller.email or str(user_id)
    known = passkeys.list_passkeys(user_id)
    return NewPasskey(challenge, ceremonies.creation_options(user_id, name, challenge, known))


def add_passkey(caller: Principal, challenge: str, credential: str, name: str) -> Passkey:
    """Add a passkey that a browser has made.

    Args:
        caller: Its owner.
        challenge: The challenge of :func:`begin_passkey`.
        credential: The answer of the browser, as JSON.
        name: What the owner calls it.

    Raises:
        EnrollmentExpired: The challenge is not open for this session.
        Invalid: The answer is wrong or malformed.
        PasskeyTaken: It was added before.
        TooManyFactors: The account has ten of them.
        StepUpRequired: The account has got another factor meanwhile.
    """
    # Imported before the account is locked.
    from mercato_mfa import ceremonies  # noqa: PLC0415

    user_id = changes.owner(caller)
    changes.begin(caller)
    _require_room(Passkey, user_id)
    if not get(Accounts).finish_enrollment(user_id, challenge):
        raise EnrollmentExpired
    created = ceremonies.read_created(challenge, credential)
    if created is None:
        raise invalid(
            "/credential", "wrong_answer", "Not the answer of a passkey to this challenge."
        )
    new = Passkey(
        user_id=user_id,
        credential_id=created.credential_id,
        public_key=created.public_key,
        sign_count=created.sign_count,
        backed_up=created.backed_up,
        transports=created.transports,
        name=name,
    )
    with refuse({_CREDENTIAL: PasskeyTaken}):
        session.add(new)
    changes.end(user_id, passkeys.METHOD, Proof(passkeys.amr_of(new), new.id))
    return new


def make_recovery_codes(caller: Principal) -> list[str]:
    """Make ten new recovery codes, and return them; codes that were made before go.

    Raises:
        NoFactor: The account has no app and no passkey, which they could replace.
    """
    user_id = changes.owner(caller)
    if not changes.begin(caller):
        raise NoFactor
    codes = recovery_codes.replace_codes(user_id)
    changes.end(user_id, recovery_codes.METHOD, Proof(()))
    return codes


def _require_room(model: type[Totp | Passkey], user_id: UUID) -> None:
    """Check that a user, whose account is locked, may have one more."""
    number = sa.select(sa.func.count()).select_from(model).where(model.user_id == user_id)
    if (session.scalar(number) or 0) >= changes.MOST:
        raise TooManyFactors
