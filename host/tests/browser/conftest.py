"""Debian's Chromium, and deployments for it: healthy, degraded, not ready, large and empty."""

import shutil
import threading
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.features.plan import compose
from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit import work
from mercato_kit.db import new_id
from mercato_kit.feature import Check, Feature, Need, Offer
from mercato_payments_sandbox.server import prepared
from mercato_payments_sandbox.server.charges import confirm, open_charge
from mercato_payments_sandbox.wire import Confirmation, NewPayment

AWAY = "postgresql://shop:secret@127.0.0.1:1/none"
SHOP = {"users": {}, "products": {}, "orders": {}}


class Contract:
    """A contract that every part needs."""


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log(self, *arguments):
        """Do nothing."""


@contextmanager
def serving(app):
    """Serve an app until the end of the block; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium; no browser is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def make_app(tmp_path_factory):
    """A function that makes the app of a deployment whose tables are there."""

    def make(*features, environment="development", url=None, **tables):
        where = url or f"sqlite:///{tmp_path_factory.mktemp('database')}/shop.db"
        deployment = read_deployment(
            {"environment": environment, "database": {"url": where}, **tables}
        )
        app = create_app(deployment, features=features)
        if url is None:
            plan = compose(deployment, features)
            upgrade(app.config["SQLALCHEMY_DATABASE_URI"], [it.manifest for it in plan.features])
        return app

    return make


@pytest.fixture(scope="session")
def shop(make_app):
    """The address of a shop with sample data."""
    app = make_app(features=SHOP)
    samples = {}
    with app.app_context():
        for feature in app.extensions["mercato"].features:
            work.run(lambda make=feature.sample_data: make(samples))
    with serving(app) as address:
        yield address


@pytest.fixture(scope="session")
def bank(tmp_path_factory):
    """A running sandbox."""
    place = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with prepared(place, "secret") as (sandbox, server):
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield sandbox
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def ask_customer(bank, shop):
    """A function that makes a payment, and gives the page where its customer approves it."""

    def make():
        new = NewPayment(new_id(), new_id(), 1042, 1990, "EUR", "tests", return_url=f"{shop}/")
        with bank.ledger.work() as ledger:
            charge_id = open_charge(ledger, new)
            confirm(ledger, charge_id, Confirmation("4000 0000 0000 3220"))
        return f"{bank.url}/3ds/{charge_id}"

    return make


@pytest.fixture(scope="session")
def addresses(make_app, shop, ask_customer):
    """The address of each kind of deployment."""
    weak = Check("pulse", lambda: "The pulse is weak.")
    far = Check("tower", lambda: "The tower is silent.", required=False)
    parts = [
        Feature(name=f"part{number}", summary=f"Part {number}.", needs=[Need(Contract, ">=1,<2")])
        for number in range(199)
    ]
    hub = Feature(name="hub", summary="The hub.", offers=[Offer(Contract, "1.0", Contract)])
    apps = {
        "degraded": make_app(
            Feature(name="far", summary="Looks far.", health=[far]),
            features={"no_such": {"required": False}},
        ),
        "not-ready": make_app(Feature(name="ill", summary="Is ill.", health=[weak])),
        "away": make_app(Feature(name="far", summary="Looks far."), url=AWAY),
        "none": make_app(),
        "many": make_app(hub, *parts),
        "closed": make_app(environment="testing"),
    }
    with ExitStack() as running:
        found = {kind: running.enter_context(serving(app)) for kind, app in apps.items()}
        yield {"shop": shop, "bank": ask_customer(), **found}
