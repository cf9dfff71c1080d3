import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa

from mercato_kit import db
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
from mercato_kit.schemas import Schema, Text

from .demo import KEY, Note

slow = Blueprint("slow", __name__, url_prefix="/v1/slow")

_inside = threading.Event()
_go_on = threading.Event()


class TitleSchema(Schema):
    title = Text(required=True, max=20)


@slow.post("/notes", allow=anyone, idempotent=True)
@slow.arguments(TitleSchema)
@slow.response(200)
def be_slow(body):
    """Wait for the other thread"""
    db.session.add(Note(**body))
    db.session.flush()
    _inside.set()
    _go_on.wait(10)
    return {"title": body["title"]}


class TestInProgress:
    def test_a_repeat_that_waits_too_long_is_refused(self, boot, empty_postgresql_url):
        """If the first request takes too long, the second answers 409 with Retry-After."""
        _inside.clear()
        _go_on.clear()
        app = boot(empty_postgresql_url, blueprints=(slow,))

        def send():
            return app.test_client().post(
                "/v1/slow/notes", json={"title": "a"}, headers={"Idempotency-Key": KEY}
            )

        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(send)
            _inside.wait(10)
            second = send()
            _go_on.set()

        assert (second.status_code, second.json["code"]) == (409, "idempotency_in_progress")
        assert second.headers["Retry-After"] == "1"
        assert first.result().status_code == 200


class TestLostConnection:
    @pytest.mark.parametrize("committed", [True, False])
    def test_at_commit_has_one_effect(self, boot, empty_postgresql_url, committed):
        """After a connection lost at COMMIT there is one note, committed or repeated."""
        app = boot(empty_postgresql_url)
        losses = lose_connection_at_first_commit(app, committed=committed)

        answer = app.test_client().post(
            "/v1/notes", json={"title": "a"}, headers={"Idempotency-Key": KEY}
        )

        with app.app_context():
            titles = db.session.scalars(sa.select(Note.title)).all()
        assert (answer.status_code, titles, len(losses)) == (201, ["a"], 1)
        assert ("Idempotency-Replayed" in answer.headers) is committed


def lose_connection_at_first_commit(app, *, committed):
    """Cut the server's side of the first transaction just before or just after its end."""
    losses = []
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine

    @sa.event.listens_for(engine, "commit")
    def lose(connection):
        if losses:
            return
        raw = connection.connection.dbapi_connection
        if committed:
            raw.commit()
            # The next COMMIT is sent only if a transaction is open.
            raw.execute("BEGIN")
        losses.append(raw.info.backend_pid)
        with psycopg.connect(engine.url.render_as_string(hide_password=False)) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [raw.info.backend_pid])

    return losses
