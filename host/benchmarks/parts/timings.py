"""Whether the time of an answer tells that an address has an account."""

import logging
import random
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import perf_counter

import bcrypt
import sqlalchemy as sa
from flask import Flask
from werkzeug.security import generate_password_hash

from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit import work
from mercato_kit.composition import current_composition
from mercato_kit.db import new_id, session, utc_now
from mercato_users.models import User
from mercato_users.passwords import hash_password
from parts.databases import empty_database
from parts.ranks import deviations
from parts.report import Table

PASSWORD = "four plain green chairs"  # noqa: S105 - of accounts of the benchmark
WRONG = "another plain green chair"
MOST = 3.29
"""Standard deviations: p = 0.001."""

WARM_UP = 5

Ask = Callable[[str], float]
"""Sends a request about an address, and returns the seconds until its answer."""


class Distinguished(Exception):
    """The time of an answer tells known addresses from unknown ones."""


def measure(place: Path, database: str, number: int) -> list[Table]:
    """Time six routes with known and unknown addresses in turn.

    Args:
        place: A folder.
        database: ``postgresql`` or ``sqlite``.
        number: Known addresses, and unknown ones, of each route.

    Raises:
        Distinguished: A rank test finds a difference.
    """
    with _app(place, database) as app:
        rows = [_row(name, ask, app, number) for name, ask in _routes(app).items()]
    found = [row[0] for row in rows if abs(float(row[-1])) > MOST]
    if found:
        raise Distinguished(f"known addresses take another time: {', '.join(found)}")
    title = f"milliseconds of {number} known and unknown addresses, {database}; medians"
    return [Table(title, ("", "known", "unknown", "deviations"), rows)]


def _row(name: str, ask: Ask, app: Flask, number: int) -> tuple[str, ...]:
    known, unknown = _addresses(app, number, verified=name != "resend")
    for address in unknown[:WARM_UP]:
        ask(f"warm.{address}")
    times: dict[str, float] = {}
    for address in random.sample([*known, *unknown], 2 * number):
        times[address] = ask(address)
    some, others = ([times[one] * 1000 for one in group] for group in (known, unknown))
    medians = (f"{statistics.median(group):.2f}" for group in (some, others))
    return name, *medians, f"{deviations(some, others):+.2f}"


@contextmanager
def _app(place: Path, database: str) -> Iterator[Flask]:
    with empty_database(place, database) as url:
        file = place / "timings.toml"
        file.write_text(
            f'environment = "testing"\n[database]\nurl = "{url}"\n'
            '[logging]\nlevel = "ERROR"\n[features.users]\n'
        )
        app = create_app(file)
        # The security log has a line for each request.
        logging.disable(logging.WARNING)
        with app.app_context():
            upgrade(url, current_composition().features)
        yield app


def _addresses(app: Flask, number: int, *, verified: bool) -> tuple[list[str], list[str]]:
    """Make accounts, and return their addresses and as many others.

    Half of them have a hash as it is made here, the others imported ones, which take other times.
    """
    made = [_hash_in(app), _bcrypt(), generate_password_hash(PASSWORD, "pbkdf2:sha256")]
    schemes = random.choices(made, [2, 1, 1], k=number)  # noqa: S311 - no secret
    known = [f"{new_id().hex}@example.com" for _ in range(number)]
    verified_at = utc_now() if verified else None

    def insert() -> None:
        session.add_all(
            User(
                email=address,
                email_canonical=address,
                email_verified_at=verified_at,
                password_hash=stored,
            )
            for address, stored in zip(known, schemes, strict=True)
        )

    with app.app_context():
        work.run(insert)
        work.run(lambda: session.execute(sa.text("ANALYZE")))
    return known, [f"{new_id().hex}@example.com" for _ in range(number)]


def _hash_in(app: Flask) -> str:
    """Return the hash of the password, as accounts of *app* have it."""
    with app.app_context():
        return hash_password(PASSWORD)


def _bcrypt() -> str:
    return bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()


def _routes(app: Flask) -> dict[str, Ask]:
    client, clients = app.test_client(), count()
    caller = _caller(app)

    def ask(path: str, *, method: str = "POST", **members: str) -> Ask:
        def send(address: str) -> float:
            # Each comes from a network of its own, so that none is refused.
            environ = {"REMOTE_ADDR": f"2001:db8:{next(clients):x}::1"}
            body = {"email": address, **members}
            headers = caller() if method == "PUT" else {}
            began = perf_counter()
            answer = client.open(
                path, method=method, json=body, environ_base=environ, headers=headers
            )
            took = perf_counter() - began
            if answer.status_code not in (202, 401):
                raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
            return took

        return send

    return {
        "login": ask("/v1/auth/login", password=WRONG),
        "register": ask("/v1/users", password=PASSWORD),
        "resend": ask("/v1/users/verify-email/resend"),
        "forgot": ask("/v1/auth/password/forgot"),
        "link": ask("/v1/auth/login-link"),
        "email": ask("/v1/users/me/email", method="PUT", current_password=PASSWORD),
    }


def _caller(app: Flask) -> Callable[[], dict[str, str]]:
    """Return a function that returns the headers of a caller, another one after ten requests."""
    client, asked, headers = app.test_client(), count(), {}

    def next_caller() -> dict[str, str]:
        if next(asked) % 10 == 0:
            address = f"{new_id().hex}@example.com"
            stored, now = _hash_in(app), utc_now()
            values = {"email": address, "email_canonical": address, "password_hash": stored}
            with app.app_context():
                work.run(lambda: session.add(User(email_verified_at=now, **values)))
            body = {"email": address, "password": PASSWORD}
            token = client.post("/v1/auth/login", json=body).json["access_token"]
            headers["Authorization"] = f"Bearer {token}"
        return headers

    return next_caller
