"""A shop behind a real PgBouncer in transaction mode: migrations, orders, worker, checks."""

import json
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from uuid import uuid4

import httpx2
import psycopg
import pytest
import sqlalchemy as sa

from mercato_host import create_app
from mercato_kit.db import engine
from mercato_kit.reads import Read
from mercato_testing.postgresql import running_server

from ..together.invariants import find_violations
from ..together.shop import running_shop
from ..together.shopping import PASSWORD, key, new_order
from .pooler import running_pgbouncer

DEPLOYMENT = """
environment = "testing"
[database]
url = "postgresql://shop@127.0.0.1:{port}/{name}"
[server]
workers = 2
threads = 8
[features.users]
[features.products]
[features.orders.settings]
guest_order_burst = 0
"""

ORDERS = 200
BUYERS = 16

STAFF = "staff@example.com"

KILLED = """
import os
import signal
import sys

import sqlalchemy as sa

from mercato_composition.commands.frame import main


@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def die(_connection, _cursor, statement, *_):
    if "CREATE TABLE orders_order" in statement:
        os.kill(os.getpid(), signal.SIGKILL)


main()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A PostgreSQL server."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def port(server):
    """The port of PgBouncer in transaction mode."""
    with running_pgbouncer(server) as port:
        yield port


@pytest.fixture
def make_deployment(server, tmp_path):
    """A function that writes a deployment with an empty database behind a pooler."""

    def make(port):
        name = f"shop_{uuid4().hex}"
        direct = server.create_database(name)
        file = tmp_path / "deployment.toml"
        file.write_text(DEPLOYMENT.format(port=port, name=name))
        return file, direct

    return make


def start(deployment, *words, program=("-m", "mercato_composition")):
    """Start a command of a deployment."""
    return subprocess.Popen(
        [sys.executable, *program, f"--deployment={deployment}", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(deployment, *words):
    """Run a command to its end, and return its exit code and output."""
    process = start(deployment, *words)
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


def count(url, query):
    """Return what a query counts, asked without the pooler."""
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone()[0]


LOCKS = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class TestUpgrade:
    def test_two_at_once(self, port, make_deployment):
        """Of two upgrades at once, each migration is applied by one, and no lock stays."""
        deployment, direct = make_deployment(port)
        both = [start(deployment, "db", "upgrade") for _ in range(2)]

        outputs = [process.communicate(timeout=120)[0] for process in both]

        applied = [line for text in outputs for line in text.splitlines() if " 0001" in line]
        assert [process.returncode for process in both] == [0, 0], outputs
        assert sorted(line.split()[0] for line in applied) == ["kit", "orders", "products", "users"]
        assert count(direct, LOCKS) == 0

    def test_one_is_killed(self, port, make_deployment):
        """The lock of a killed upgrade is not left on a pooled connection: the next completes."""
        deployment, direct = make_deployment(port)
        killed = start(deployment, "db", "upgrade", program=("-c", KILLED))
        output, _ = killed.communicate(timeout=120)

        second = run(deployment, "db", "upgrade", "--wait", "20")

        assert killed.returncode == -signal.SIGKILL, output
        assert second[0] == 0, second
        assert "orders 0001" in second[1]
        assert count(direct, LOCKS) == 0


class TestCheck:
    def test_fits_in_transaction_mode(self, port, make_deployment):
        """The time limits are there when the server is asked."""
        deployment, _ = make_deployment(port)
        run(deployment, "db", "upgrade")

        code, output = run(deployment, "check", "--json")

        report = json.loads(output)
        assert (code, report["fits"]) == (0, True)
        assert (report["faults"], report["not_checked"]) == ([], [])

    def test_does_not_fit_in_statement_mode(self, server, make_deployment):
        """Where a pooler splits transactions, the deployment does not fit."""
        with running_pgbouncer(server, mode="statement") as port:
            deployment, _ = make_deployment(port)

            code, output = run(deployment, "check", "--json")

        assert (code, json.loads(output)["fits"]) == (2, False)


class TestOrders:
    def test_in_parallel(self, port, make_deployment):
        """Orders of 16 clients over 6 connections are all placed; the books agree."""
        deployment, direct = make_deployment(port)
        with running_shop(deployment, {}) as shop:
            shop.run("users", "create", STAFF, "--role", "admin", typed=f"{PASSWORD}\n")
            with httpx2.Client(base_url=shop.address, timeout=60) as client:
                variant_id = _stock(client, ORDERS)

                with ThreadPoolExecutor(BUYERS) as buyers:
                    answers = Counter(
                        buyers.map(lambda _: _order(client, variant_id), range(ORDERS))
                    )
                sold_out = _order(client, variant_id)
            delivered = shop.run("worker", "--once")

        assert answers == {201: ORDERS}
        assert sold_out == 409
        assert "failed 0" in delivered
        assert find_violations(sa.create_engine(direct, poolclass=sa.pool.NullPool)) == []
        assert count(direct, "SELECT count(*) FROM kit_inbox WHERE processed_at IS NULL") == 0

    def test_while_connections_are_cut(self, port, make_deployment):
        """Orders whose connections end, as when a server fails over, are placed or refused 503."""
        deployment, direct = make_deployment(port)
        with running_shop(deployment, {}, worker=False) as shop:
            shop.run("users", "create", STAFF, "--role", "admin", typed=f"{PASSWORD}\n")
            with httpx2.Client(base_url=shop.address, timeout=60) as client:
                variant_id = _stock(client, ORDERS)
                with ThreadPoolExecutor(BUYERS) as buyers, psycopg.connect(direct) as admin:
                    orders = [buyers.submit(_order, client, variant_id) for _ in range(ORDERS)]
                    cut = 0
                    while not all(order.done() for order in orders):
                        cut += len(admin.execute(CUT).fetchall())
                        admin.commit()
                        wait(orders, timeout=0.3)
                answers = Counter(order.result() for order in orders)
                after = _order(client, variant_id)

        assert cut > 0
        assert set(answers) <= {201, 503}, answers
        assert after in {201, 409}
        assert find_violations(sa.create_engine(direct, poolclass=sa.pool.NullPool)) == []

    def test_leaves_nothing_on_a_pooled_connection(self, port, make_deployment):
        """The next client of a connection gets no setting, prepared statement or lock of ours."""
        deployment, direct = make_deployment(port)
        run(deployment, "db", "upgrade")
        run(deployment, "worker", "--once")
        through = f"postgresql://shop@127.0.0.1:{port}/{direct.rpartition('/')[2]}"

        with psycopg.connect(through, autocommit=True, prepare_threshold=None) as other:
            limits = other.execute("SHOW lock_timeout").fetchone()[0]
            prepared = other.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()[0]

        assert (limits, prepared, count(direct, LOCKS)) == ("0", 0, 0)


class TestReads:
    def test_have_their_limits_and_leave_nothing(self, port, make_deployment):
        """A read of a view has its time limits; no setting and no plan stays on the connection."""
        deployment, direct = make_deployment(port)
        through = f"postgresql://shop@127.0.0.1:{port}/{direct.rpartition('/')[2]}"
        limit = Read(sa.select(sa.func.current_setting("statement_timeout")))

        with create_app(deployment).app_context():
            read = [limit.rows() for _ in range(10)]
            engine().dispose()
        with psycopg.connect(through, autocommit=True, prepare_threshold=None) as other:
            after = other.execute("SHOW statement_timeout").fetchone()[0]
            prepared = other.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()[0]

        assert (read, after, prepared) == ([[("8s",)]] * 10, "0", 0)


def _stock(client, units):
    body = {"email": STAFF, "password": PASSWORD}
    token = client.post("/v1/auth/login", json=body).raise_for_status().json()["access_token"]
    staff = {"Authorization": f"Bearer {token}"}
    body = {
        "name": "A lamp",
        "status": "active",
        "variants": [{"sku": "LAMP", "prices": [{"currency": "EUR", "unit_amount": 1000}]}],
    }
    made = client.post("/v1/products", json=body, headers={**staff, **key()})
    variant_id = made.raise_for_status().json()["variants"][0]["id"]
    adjustment = {"variant_id": variant_id, "quantity": units, "reason": "received"}
    client.post(
        "/v1/stock-adjustments", json={"adjustments": [adjustment]}, headers={**staff, **key()}
    ).raise_for_status()
    return variant_id


def _order(client, variant_id):
    return client.post("/v1/orders", json=new_order(variant_id), headers=key()).status_code
