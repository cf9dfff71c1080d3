"""Three small features with data of persons, for tests of exports and erasures."""

from collections.abc import Iterator
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db
from mercato_kit.db import session
from mercato_kit.feature import Feature, Referent
from mercato_kit.identity import IdentityProvider
from mercato_kit.models import PrivacyRequest, PrivacyStep
from mercato_kit.privacy import Erased, Part, PersonalData, Retained, Subject, columns
from mercato_testing.identity import FAKE_IDENTITY


class Accounts(DeclarativeBase):
    """The tables of accounts."""

    metadata = db.metadata("accounts")
    type_annotation_map = db.TYPES


class Letters(DeclarativeBase):
    """The tables of letters."""

    metadata = db.metadata("letters")
    type_annotation_map = db.TYPES


class Parcels(DeclarativeBase):
    """The tables of parcels."""

    metadata = db.metadata("parcels")
    type_annotation_map = db.TYPES


class Account(db.Identified, Accounts):
    """A person."""

    __tablename__ = "accounts_account"

    email: Mapped[str | None] = mapped_column(sa.String(200))


class Letter(db.Identified, Letters):
    """A text; some are too hot to be touched."""

    __tablename__ = "letters_letter"

    account_id: Mapped[UUID]
    text: Mapped[str] = mapped_column(sa.Text)


class Parcel(db.Identified, Parcels):
    """A thing on its way."""

    __tablename__ = "parcels_parcel"

    account_id: Mapped[UUID]
    address: Mapped[str | None] = mapped_column(sa.Text)
    is_open: Mapped[bool] = mapped_column(default=False)


class HotLetterError(RuntimeError):
    """A letter burns."""


def find_account(text: str) -> Subject | None:
    """Return the account with an address."""
    id_ = session.scalar(sa.select(Account.id).where(Account.email == text))
    return None if id_ is None else Subject(id_, frozenset({text}))


def find_parcel(text: str) -> Subject | None:
    """Return the parcel that ``parcel:ID`` names."""
    kind, _, id_ = text.partition(":")
    return Subject(refs={"parcels.parcel": frozenset({UUID(id_)})}) if kind == "parcel" else None


def export_account(subject: Subject) -> Iterator[Part]:
    """Give the address."""
    found = session.scalars(sa.select(Account).where(Account.id == subject.account))
    yield Part("account", [{"email": account.email} for account in found])


def erase_account(subject: Subject) -> Erased:
    """Erase the address; the id stays."""
    own = sa.update(Account).where(Account.id == subject.account, Account.email.is_not(None))
    ids = session.scalars(own.values(email=None).returning(Account.id)).all()
    return Erased(ids, {"accounts": len(ids)})


def export_letters(subject: Subject) -> Iterator[Part]:
    """Give letters one by one.

    Raises:
        HotLetterError: One of them burns.
    """
    for letter in session.scalars(_own(Letter, subject).order_by(Letter.id)):
        if letter.text.startswith("hot"):
            raise HotLetterError(letter.text)
        yield Part("letters", [{"text": letter.text}])


def erase_letters(subject: Subject) -> Erased:
    """Delete letters.

    Raises:
        HotLetterError: One of them burns.
    """
    letters = session.scalars(_own(Letter, subject)).all()
    for letter in letters:
        session.delete(letter)
        if letter.text.startswith("hot"):
            raise HotLetterError(letter.text)
    return Erased([letter.id for letter in letters], {"letters": len(letters)})


def export_parcels(subject: Subject) -> Iterator[Part]:
    """Give the addresses of parcels."""
    found = session.scalars(_own(Parcel, subject))
    yield Part("parcels", [{"address": parcel.address} for parcel in found])


def erase_parcels(subject: Subject) -> Erased:
    """Erase the addresses of parcels that have arrived."""
    parcels = session.scalars(_own(Parcel, subject).where(Parcel.address.is_not(None))).all()
    arrived = [parcel for parcel in parcels if not parcel.is_open]
    for parcel in arrived:
        parcel.address = None
    waiting = len(parcels) - len(arrived)
    retained = [Retained("open_parcel", None, waiting)] if waiting else []
    return Erased([parcel.id for parcel in arrived], {"parcels": len(arrived)}, retained)


def _own(model, subject):
    ids = subject.refs_of(f"{model.__name__.lower()}s.{model.__name__.lower()}")
    return sa.select(model).where(sa.or_(model.account_id == subject.account, model.id.in_(ids)))


accounts = Feature(
    name="accounts",
    summary="Accounts of persons.",
    metadata=Accounts.metadata,
    offers=[FAKE_IDENTITY],
    referents=[Referent(IdentityProvider, "subject", Account.id)],
    personal_data=PersonalData(
        columns(erase=[Account.email]), export_account, erase_account, find_account
    ),
)
letters = Feature(
    name="letters",
    summary="Letters of persons.",
    metadata=Letters.metadata,
    personal_data=PersonalData(columns(erase=[Letter.text]), export_letters, erase_letters),
)
parcels = Feature(
    name="parcels",
    summary="Parcels to persons.",
    metadata=Parcels.metadata,
    personal_data=PersonalData(
        columns(erase=[Parcel.address]), export_parcels, erase_parcels, find_parcel
    ),
)


def make_person(email="ann@example.com", text="Dear Bob", *, is_open=False) -> Subject:
    """Make an account with a letter and a parcel, and return the subject."""
    account = Account(email=email)
    session.add(account)
    session.flush()
    session.add(Letter(account_id=account.id, text=text))
    session.add(Parcel(account_id=account.id, address="Main Street 1", is_open=is_open))
    return Subject(account.id, frozenset({email}))


def make_due():
    """End the pauses of all requests, and of their features that failed or wait."""
    session.execute(sa.update(PrivacyRequest).values(due_at=db.utc_now()))
    session.execute(sa.update(PrivacyStep).values(next_attempt_at=None))
