"""A mark in everything that a person leaves in a shop: it is exported, and then it is erased."""

import io
import json
import os
import signal
import zipfile
from importlib.metadata import entry_points
from uuid import UUID

import pytest
import sqlalchemy as sa

from mercato_database.privacy import run as run_request
from mercato_database.runner import migration_engine
from mercato_kit import privacy
from mercato_kit.db import engine, session, utc_now
from mercato_kit.feature import ENTRY_POINT_GROUP
from mercato_kit.models import PrivacyRequest, PrivacyStep
from mercato_orders.models import FiscalHold
from mercato_orders.services import forget_holds, read_hold
from mercato_runtime.worker import run_once

from .marks import MARK, marked_files, places, plant, planted_columns
from .person import finish, order_as_another, settle_in
from .shop import Shop
from .shopping import PASSWORD

FEATURES = {
    feature.name: feature
    for feature in (one.load() for one in entry_points(group=ENTRY_POINT_GROUP))
    if feature.metadata is not None
}
"""All installed features with tables."""

SETTINGS = """
[features.taxes.settings]
country = "IT"
[features.orders.settings]
fiscal_hold_years = 1
[features.notifications.settings]
mail = "folder"
mail_folder = "{mails}"
"""

NOT_EXPORTED = {
    **dict.fromkeys(
        (
            "carts_cart.metadata",
            "orders_fulfillment.metadata",
            "reviews_review.metadata",
            "users_address.metadata",
        ),
        "no route writes it",
    ),
    **dict.fromkeys(
        (
            "mfa_passkey.credential_id",
            "mfa_passkey.transports",
            "notifications_message.last_error",
            "notifications_message.message_id",
            "orders_capture.last_error",
            "orders_payment.last_error",
            "orders_payment_event.body",
            "orders_payment_event.last_error",
            "orders_payment_event.snapshot",
            "orders_refund.last_error",
            "users_audit_event.request_id",
            "users_session.amr",
            "users_session.revoke_reason",
        ),
        "what machines say to each other",
    ),
    **dict.fromkeys(
        ("orders_order.search_words", "orders_search_word.word"), "made of names that are exported"
    ),
    **dict.fromkeys(
        ("users_challenge.data", "users_one_time_token.data", "users_one_time_token.purpose"),
        "of a secret",
    ),
    "carts_line.image_url": "of the product",
    "users_audit_event.data": "the words of others",
}
"""Columns with a mark that no export has, and why."""

FOR_DELIVERY = {
    "orders_order.billing_address",
    "orders_order.customer_name",
    "orders_order.shipping_address",
    "orders_order.tax_id",
    "orders_payment.next_action",
}
"""What an open order keeps until it is sent: with a hold, what will be held, too."""


@pytest.fixture
def write(write_deployment, tmp_path):
    """A function that writes the deployment file of a shop with some features."""
    more = SETTINGS.format(mails=tmp_path / "mails")
    return lambda features: write_deployment(*features, "payments_manual", more=more)


@pytest.fixture
def shop(boot, write):
    """The app of a shop with all features."""
    return boot(write(FEATURES))


@pytest.fixture
def person(shop):
    """A person who has used every feature of the shop."""
    return settle_in(shop)


@pytest.fixture
def marks(person, database_url):
    """The marks of the person by column: in each column that can hold one."""
    columns = list(planted_columns(FEATURES.values()))
    marks = plant(database_url, columns, person.id)
    tables = {column.table.name for column in columns} - {name.split(".")[0] for name in marks}
    assert not tables, "person.py leaves no row in these tables"
    return marks


@pytest.fixture
def execute(database_url):
    """A function that executes a statement on the database."""

    def run(statement):
        with migration_engine(database_url) as connected, connected.begin() as connection:
            connection.execute(sa.text(statement))

    return run


def export_of(person):
    """Let a person ask for their data; return the report, and the other files as one text."""
    asked = person.send("POST", "/v1/users/me/export")
    run_once(person.shop)
    file = person.send("GET", f"{asked.headers['Location']}/file").data
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    return json.loads(files.pop("report.json")), "".join(files.values())


def close(person):
    """Let a person close the account; return the id of the erasure."""
    closed = person.send("DELETE", "/v1/users/me", json={"current_password": PASSWORD})
    return UUID(closed.json["id"])


def let_be_due(person):
    """Let the time pass until every request, and what failed of it, is tried again."""
    now = utc_now()

    def pass_time():
        due = sa.update(PrivacyRequest).where(PrivacyRequest.due_at.is_not(None))
        session.execute(due.values(due_at=now))
        session.execute(sa.update(PrivacyStep).values(next_attempt_at=now))

    person.commit(pass_time)


def run(person, request_id, app=None):
    """Run what is due; return the status of a request, and that of each of its steps."""
    let_be_due(person)
    run_once(app or person.shop)
    return status_of(person, request_id)


def status_of(person, request_id):
    """Return the status of a request, and that of each of its steps."""
    found = person.commit(lambda: privacy.get(request_id))
    return found.status, {step.feature: step.status for step in found.steps}


def run_killed(person, request_id):
    """Run a request in a process that is killed after one step; return whether it was killed."""
    let_be_due(person)
    child = os.fork()
    if not child:
        with person.shop.app_context():
            engine().dispose(close=False)
            # A step is two transactions: it is chosen, and it is done.
            commits = iter(range(2))
            sa.event.listen(engine(), "commit", lambda _: _die_after(commits))
            run_request(request_id)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _die_after(commits):
    if next(commits, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)


class TestPersonalData:
    def test_is_exported_and_leaves_no_mark(self, person, marks, database_url, tmp_path, caplog):
        """Each mark is in the export, or listed above with the reason.

        After the erasure it is in no table, mail and log, but in what is held, until that is over.
        """
        others = person.send("GET", order_as_another(person), person.staff).json
        report, text = export_of(person)
        request_id = close(person)
        run_once(person.shop)
        mails = marked_files(tmp_path / "mails")

        first, meanwhile = run(person, request_id), places(database_url)
        finish(person)
        second, left = run(person, request_id), places(database_url)

        assert report["complete"] is True
        assert {name for name, mark in marks.items() if mark not in text} == set(NOT_EXPORTED)
        assert (first[0], meanwhile) == ("waiting", FOR_DELIVERY)
        assert (second[0], left) == ("done", set())
        assert (len(mails) > 3, marked_files(tmp_path / "mails")) == (True, [])
        assert person.send("GET", f"/v1/orders/{others['id']}", person.staff).json == others
        assert MARK not in caplog.text.lower()
        number = person.send("GET", f"/v1/orders/{person.completed}", person.staff).json["number"]
        assert MARK in str(person.commit(lambda: read_hold(number)))
        person.commit(lambda: session.execute(sa.update(FiscalHold).values(until=utc_now())))
        assert person.commit(forget_holds) == 3

    def test_outlives_failures_and_kills(self, person, database_url, execute):
        """A feature that fails keeps the account; workers that are killed leave the rest."""
        finish(person)
        request_id = close(person)
        execute("ALTER TABLE carts_line RENAME TO carts_line_away")

        failed = run(person, request_id)
        left = {place.partition("_")[0] for place in places(database_url)}
        execute("ALTER TABLE carts_line_away RENAME TO carts_line")
        kills = 0
        while run_killed(person, request_id):
            kills += 1

        assert (failed[0], failed[1]["carts"], failed[1]["reviews"]) == (
            "failed",
            "failed",
            "waiting",
        )
        assert left == {"kit", "users"}
        assert kills > 4
        assert (status_of(person, request_id)[0], places(database_url)) == ("done", set())

    def test_waits_for_a_feature_that_is_absent(self, person, database_url, boot, write):
        """It is done only when the feature was enabled again, or purged."""
        finish(person)
        request_id = close(person)
        path = write([name for name in FEATURES if name != "reviews"])

        rest = boot(path)
        waiting = run(person, request_id, rest)
        left = places(database_url)
        Shop(path, dict(os.environ), port=0).run("data", "purge", "reviews", "--confirm=reviews")
        done = run(person, request_id, rest)

        assert (waiting[0], waiting[1]["reviews"], left) == (
            "waiting",
            "absent",
            {"reviews_review.text"},
        )
        assert (done[0], places(database_url)) == ("done", set())
