"""What an erasure erases in the tables of the kit."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_database.privacy import kit_data
from mercato_kit import models, privacy
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.models import IdempotencyKey, InboxDelivery, OutboxEvent
from mercato_kit.privacy import Subject
from mercato_kit.privacy.personal_data import unclassified

from . import persons
from .persons import Letter, make_person

feature = persons.accounts


@pytest.fixture
def fakes():
    """The features that refer to accounts."""
    return [persons.letters, persons.parcels]


def store_answer(scope, body):
    """Store the answer of a key in a scope."""
    now = utc_now()
    row = IdempotencyKey(scope=scope, key=f"{new_id()}", request_hash="0" * 64)
    row.response_status, row.response_body = 201, body
    row.response_headers = {"Location": f"/v1/{scope}"}
    row.created_at, row.expires_at = now, now + timedelta(days=1)
    session.add(row)


def fail_delivery(about, error):
    """Store a delivery that failed, of an event about something."""
    event = OutboxEvent(topic="letter.sent", aggregate_type="letter", aggregate_id=about)
    event.id, event.aggregate_version, event.payload = new_id(), 1, {}
    event.created_at = utc_now()
    session.add(event)
    row = InboxDelivery(consumer="letters.tell", event_id=event.id, next_attempt_at=utc_now())
    row.last_error = error
    session.add(row)


class TestErase:
    def test_erases_answers_that_are_about_the_person(self, commit, ask):
        """Answers to the account, with its address or with an erased id are gone; keys stay."""
        ann = commit(make_person)
        letter = commit(lambda: session.scalars(sa.select(Letter.id)).one())
        answers = {
            f"{ann.account} POST /v1/letters": "{}",
            f"{ann.account}/{new_id()} POST /v1/letters": "{}",
            "guest:1 POST /v1/carts": '{"email":"Ann@Example.com"}',
            "guest:4 POST /v1/notes": r'{"note":"Mail\nann@example.com."}',
            "guest:2 POST /v1/copies": f'{{"letter_id":"{letter}"}}',
            "guest:3 POST /v1/carts": '{"email":"bob@example.com"}',
        }
        for scope, body in answers.items():
            commit(store_answer, scope, body)

        request = ask("erase", ann)

        rows = commit(lambda: session.scalars(sa.select(IdempotencyKey)).all())
        kept = {row.scope: row.response_body for row in rows if row.response_body}
        assert len(rows) == 6
        assert kept == {"guest:3 POST /v1/carts": '{"email":"bob@example.com"}'}
        assert {row.response_status for row in rows} == {201, 410}
        assert [row.response_headers for row in rows].count(None) == 5
        assert request.steps[-1].counts == {"answers": 5}

    @pytest.mark.parametrize(
        "address",
        ["joann@example.com", "mary.ann@example.com", "ann@example.com.au", "jo-ann@example.com"],
    )
    def test_keeps_answers_of_a_similar_address(self, commit, ask, address):
        """An address that is a part of another person's erases nothing of that person."""
        ann = commit(make_person)
        commit(store_answer, "guest:1 POST /v1/carts", f'{{"email":"{address}"}}')
        commit(fail_delivery, new_id(), f"no mailbox {address}, try again")

        ask("erase", ann)

        (body,) = commit(lambda: session.scalars(sa.select(IdempotencyKey.response_body)).all())
        assert body == f'{{"email":"{address}"}}'
        (error,) = commit(lambda: session.scalars(sa.select(InboxDelivery.last_error)).all())
        assert error == f"no mailbox {address}, try again"

    def test_keeps_what_is_later_than_the_request(self, commit):
        """While an erasure waits, a new answer and a new export to the same mailbox stay."""
        guest = Subject(emails=frozenset({"ann@example.com"}))
        export_id = commit(privacy.request, "export", guest)
        commit(store_answer, "guest:1 POST /v1/carts", '{"email":"ann@example.com"}')
        earlier = replace(guest, until=utc_now() - timedelta(hours=1))

        counts = [commit(kit_data.erase, one).counts for one in (earlier, guest)]

        assert counts == [{}, {"answers": 1, "exports": 1}]
        assert commit(privacy.get, export_id).status == "canceled"

    def test_erases_errors_of_deliveries(self, commit, ask):
        """Errors that name the person, or are about an erased thing, are blanked."""
        ann = commit(make_person)
        letter = commit(lambda: session.scalars(sa.select(Letter.id)).one())
        commit(fail_delivery, letter, "no such street: Main Street 1")
        commit(fail_delivery, new_id(), "no mailbox 'ann@example.com'.")
        commit(fail_delivery, new_id(), "no mailbox bob@example.com")

        ask("erase", ann)

        errors = commit(lambda: session.scalars(sa.select(InboxDelivery.last_error)).all())
        assert [error for error in errors if error] == ["no mailbox bob@example.com"]


class TestPersonalData:
    def test_has_every_column_of_the_kit(self):
        """A new column of the kit says what becomes of it, as those of features do."""
        assert unclassified(models.Base.metadata, kit_data.PERSONAL_DATA.columns) == []
