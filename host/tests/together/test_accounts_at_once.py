"""What is done at once with accounts of a shop that several processes serve, over HTTP."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any
from uuid import UUID

import httpx2
import pytest
import sqlalchemy as sa
from flask import Flask

from mercato_database.privacy import find_subject, run_now
from mercato_kit import privacy, work
from mercato_kit.db import engine, session, utc_now
from mercato_kit.models import PrivacyStep
from mercato_orders.models import Order
from mercato_runtime.worker import run_once
from mercato_users import passwords, services as users
from mercato_users.models import ADMIN, RefreshToken, User

from .invariants import find_violations
from .shop import running_shop
from .shopping import PASSWORD, key, new_order, stock_variant

PROCESSES = "2"
CLOSINGS = 50
ERASURES = 10
REFRESHES = 20
CALLERS = 10
MOST_ORDERS = 100


@dataclass(frozen=True)
class Served:
    """A shop that is served.

    Args:
        app: The same shop in this process, for what its worker and its staff do.
        http: A client of the served one.
    """

    app: Flask
    http: httpx2.Client

    def commit(self, function: Callable[[], Any]) -> Any:
        """Call a function in a unit of work, and return its result."""
        with self.app.app_context():
            return work.run(function)

    def create_accounts(self, count: int) -> list[str]:
        """Create verified accounts with one password, and return their addresses."""
        addresses = [f"person{number}@example.com" for number in range(count)]

        def create() -> None:
            account = {
                "password_hash": passwords.hash_password(PASSWORD),
                "email_verified_at": utc_now(),
            }
            session.add_all(User(email=one, email_canonical=one, **account) for one in addresses)

        self.commit(create)
        return addresses

    def stock(self, address: str, units: int) -> str:
        """Let an administrator stock a variant; return its id."""

        def grant() -> None:
            user_id = session.scalars(sa.select(User.id).where(User.email == address)).one()
            users.grant_role(user_id, ADMIN)

        self.commit(grant)
        return stock_variant(self.app.test_client(), self.headers(address), units)

    def headers(self, address: str) -> dict[str, str]:
        """Log in, and return the headers of requests."""
        return {"Authorization": f"Bearer {self.log_in(address)['access_token']}"}

    def log_in(self, address: str) -> dict[str, Any]:
        """Log in over HTTP, and return the tokens."""
        body = {"email": address, "password": PASSWORD}
        answer = self.http.post("/v1/auth/login", json=body).raise_for_status()
        tokens: dict[str, Any] = answer.json()
        return tokens

    def refresh(self, token: str) -> httpx2.Response:
        """Send a refresh token."""
        return self.http.post("/v1/auth/refresh", json={"refresh_token": token})

    def order_until_refused(
        self, own: dict[str, str], order: dict[str, Any], answered: Event
    ) -> list[int]:
        """Place orders until one is refused; return the statuses of all answers.

        *answered* is set after the first one.
        """
        statuses: list[int] = []
        while len(statuses) < MOST_ORDERS and set(statuses) <= {201}:
            answer = self.http.post("/v1/orders", json=order, headers={**own, **key()})
            statuses.append(answer.status_code)
            answered.set()
        return statuses

    def while_ordering(
        self,
        own: dict[str, str],
        order: dict[str, Any],
        end: Callable[[], UUID],
        *,
        after_one: bool,
    ) -> tuple[UUID, int]:
        """End an account while its owner places orders until one is refused.

        Args:
            own: The headers of the owner.
            order: What is ordered again and again.
            end: Ends the account, and returns the id of the erasure.
            after_one: Whether the first order is answered before.

        Returns:
            The erasure, and how many orders were placed.
        """
        answered = Event()
        with ThreadPoolExecutor(1) as customer:
            ordering = customer.submit(self.order_until_refused, own, order, answered)
            if after_one:
                assert answered.wait(60)
            erasure = end()
            *created, last = ordering.result()
        assert (set(created) <= {201}, last) == (True, 401)
        return erasure, len(created)

    def close(self, own: dict[str, str]) -> UUID:
        """Close the account of a person, and return the id of its erasure."""
        answer = self.http.request(
            "DELETE", "/v1/users/me", json={"current_password": PASSWORD}, headers={**own, **key()}
        )
        assert answer.status_code == 202, answer.text
        return UUID(answer.json()["id"])

    def ask_and_erase(self, address: str) -> UUID:
        """Ask for the erasure of a person who uses the account, and run it, as an operator may."""

        def ask() -> UUID:
            subject = find_subject(address)
            assert subject is not None
            return privacy.request("erase", subject)

        erasure = self.commit(ask)
        self.erase(erasure)
        return erasure

    def erase(self, erasure: UUID) -> None:
        """Run an erasure at once, as an operator may."""
        with self.app.app_context():
            run_now(erasure)

    def erase_again(self, erasure: UUID) -> None:
        """Run an erasure when what was under way has ended."""
        ended = sa.update(PrivacyStep).where(PrivacyStep.request_id == erasure)
        self.commit(lambda: session.execute(ended.values(next_attempt_at=None)))
        self.erase(erasure)

    def expire_orders(self) -> None:
        """Let the time pass in which orders wait for their payment."""
        self.commit(lambda: session.execute(sa.update(Order).values(expires_at=utc_now())))
        run_once(self.app)

    def states(self, erasures: list[UUID]) -> set[str]:
        """Return the states that erasures are in."""
        return self.commit(lambda: {privacy.get(one).status for one in erasures})

    def named(self) -> set[str]:
        """Return the states of orders that say something of a person."""
        says = sa.or_(
            Order.customer_email.is_not(None),
            Order.customer_name.is_not(None),
            Order.note.is_not(None),
            Order.shipping_address["line1"].as_string().is_not(None),
        )
        return self.commit(lambda: set(session.scalars(sa.select(Order.status).where(says))))

    def violations(self) -> list[str]:
        """Return what is wrong in the books."""
        with self.app.app_context():
            return find_violations(engine())


@pytest.fixture
def served(boot, write_deployment):
    """A shop with accounts and orders, which two processes serve."""
    path = write_deployment("users", "products", "orders")
    app = boot(path)
    with (
        running_shop(path, {"MERCATO_SERVER__WORKERS": PROCESSES}, setup=(), worker=False) as shop,
        httpx2.Client(base_url=shop.address, timeout=60) as http,
    ):
        yield Served(app, http)


class TestClose:
    def test_while_orders_are_placed(self, served):
        """Each order is refused, or it is erased with its person: fifty rounds.

        An erasure begins an hour later at the earliest, so after the last answer.
        """
        staff, *persons = served.create_accounts(1 + CLOSINGS)
        order = new_order(served.stock(staff, units=10_000), note="Ring twice")
        # That of the account.
        del order["email"]
        placed, erasures = 0, []
        for number, address in enumerate(persons):
            own = served.headers(address)
            # In half of the rounds, one order is placed for sure.
            erasure, count = served.while_ordering(
                own, order, partial(served.close, own), after_one=number % 2 == 1
            )
            erasures.append(erasure)
            placed += count
        for erasure in erasures[:10]:
            served.erase(erasure)

        assert placed >= CLOSINGS // 2
        assert served.commit(lambda: session.scalar(sa.select(sa.func.count(Order.id)))) == placed
        # What waits to be sent keeps its address.
        assert served.states(erasures[:10]) == {"waiting"}
        assert (served.named(), served.violations()) == ({"open"}, [])
        served.expire_orders()
        for erasure in erasures:
            served.erase(erasure)
            served.erase_again(erasure)
        assert (served.states(erasures), served.named()) == ({"done"}, set())
        assert served.violations() == []


class TestErase:
    def test_while_orders_are_placed(self, served):
        """What commits after the erasure of an account in use is erased later: ten rounds."""
        staff, *persons = served.create_accounts(1 + ERASURES)
        order = new_order(served.stock(staff, units=10_000), note="Ring twice")
        del order["email"]
        placed, erasures = 0, []
        for address in persons:
            own, end = served.headers(address), partial(served.ask_and_erase, address)
            erasure, count = served.while_ordering(own, order, end, after_one=True)
            erasures.append(erasure)
            placed += count
        assert placed >= ERASURES
        assert served.states(erasures) == {"waiting"}
        served.expire_orders()
        for erasure in erasures:
            served.erase_again(erasure)

        assert (served.states(erasures), served.named()) == ({"done"}, set())
        assert served.violations() == []


class TestRefresh:
    def test_by_ten_at_once(self, served):
        """Ten that send one token get the same next one, of whatever process: twenty rounds."""
        token = served.log_in(*served.create_accounts(1))["refresh_token"]
        with ThreadPoolExecutor(CALLERS) as callers:
            for round_ in range(REFRESHES):
                answers = list(callers.map(served.refresh, [token] * CALLERS))

                assert {one.status_code for one in answers} == {200}, round_
                (token,) = {one.json()["refresh_token"] for one in answers}

        chain = sa.select(sa.func.count(RefreshToken.token_hash))
        assert served.commit(lambda: session.scalar(chain)) == REFRESHES + 1
