"""Remote commands: work under an idempotency key that waits for another machine.

A transaction before the call stores what is begun, with the key; one after it stores the answer.
Between them the request holds a lease on the key. A request that ends without an answer, because
its process was killed or the other machine did not answer, is resumed by the next one with the same
key: by its reference, so that the effect happens once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from flask import Request, Response

from mercato_kit import leases, work
from mercato_kit.db import session
from mercato_kit.errors import Problem
from mercato_kit.http import idempotency, stored_answers
from mercato_kit.http.routes import Route
from mercato_kit.http.stored_answers import Key
from mercato_kit.leases import Lease

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Remote(Generic[T]):
    """What a view with ``remote=True`` returns: a command in two transactions and a call.

    The view of a resumed request makes it again, so the view itself checks and writes nothing.

    Args:
        begin: Runs in the first transaction. Checks, writes what the call starts from, and returns
            its id, the reference. If there is nothing to wait for, it does all of the work and
            returns the answer instead.
        call: Runs without a transaction; it may use its own units of work. It gets the reference,
            and whether another request has begun the command. Then the other machine may have
            acted already. It ends within 10 seconds.
        finish: Runs in the second transaction with the reference and the result of *call*, and
            returns the answer. For each key it is committed once.
    """

    begin: Callable[[], Any]
    call: Callable[[UUID, bool], T]
    finish: Callable[[UUID, T], Any]

    def shown_by(self, show: Callable[[Any], Any]) -> "Remote[T]":
        """Return the command with *show* applied to its answers."""

        def begin() -> Any:
            begun = self.begin()
            return begun if isinstance(begun, UUID) else show(begun)

        return Remote(begin, self.call, lambda *result: show(self.finish(*result)))


@dataclass(frozen=True, slots=True)
class _Begun:
    """A command whose first transaction is committed.

    Args:
        key: Its idempotency key.
        lease: The lease of this request on the key.
        reference: What was begun.
        command: How it goes on.
        resumed: Whether another request has begun it.
    """

    key: Key
    lease: Lease
    reference: UUID
    command: Remote[Any]
    resumed: bool


Respond = Callable[[Any], Response]
"""Returns the response that the result of a view is."""


def answer_in_two(
    route: Route,
    request: Request,
    check: Callable[[], object],
    view: Callable[[], Any],
    respond: Respond,
) -> Response:
    """Run the command that a view returns, or return its answer, once for each key.

    Args:
        route: The route.
        request: The request.
        check: Checks what the route requires of a request before its arguments are parsed.
        view: Calls the view.
        respond: Returns the response to its result.

    Raises:
        IdempotencyKeyReused: The key was used before with another path or body.
        IdempotencyInProgress: Another request with the key is in progress.
        RuntimeError: A unit of work is running.
    """
    work.require_none("a remote command")

    def begin() -> Response | _Begun:
        check()
        return _begin(route, idempotency.key_of(route, request), view, respond)

    begun = work.run(begin, safe_to_repeat=True)
    return begun if isinstance(begun, Response) else _go_on(route, begun, respond)


def _begin(route: Route, key: Key, view: Callable[[], Any], respond: Respond) -> Response | _Begun:
    """Begin the command in the first transaction, or resume it, or return its answer."""
    if stored_answers.claim(key):
        return idempotency.answer_first(route, key, lambda: _first(key, view(), respond))
    row = stored_answers.find(key)
    if row.response_status is not None or row.reference is None:
        return stored_answers.replay(row, route.unstored)
    return _Begun(key, stored_answers.resume(key), row.reference, view(), resumed=True)


def _first(key: Key, result: Any, respond: Respond) -> Response | _Begun:
    if not isinstance(result, Remote):
        return respond(result)
    begun = result.begin()
    if not isinstance(begun, UUID):
        return respond(begun)
    return _Begun(key, stored_answers.hold(key, begun), begun, result, resumed=False)


def _go_on(route: Route, begun: _Begun, respond: Respond) -> Response:
    """Call the other machine, and finish; without an answer the next request may resume."""
    command, reference = begun.command, begun.reference
    try:
        with leases.renewed(begun.lease):
            result = _call(command, reference, resumed=begun.resumed)

        def finish() -> Response:
            row = stored_answers.find(begun.key, lock=True)
            if row.response_status is not None:
                return stored_answers.replay(row, route.unstored)
            return _last(route, begun, lambda: respond(command.finish(reference, result)))

        return work.run(finish, safe_to_repeat=True)
    except Exception:
        leases.end(begun.lease)
        raise


def _call(command: Remote[T], reference: UUID, *, resumed: bool) -> T:
    """Call the other machine without a transaction.

    Raises:
        RuntimeError: The call left a transaction open.
    """
    # What the first transaction has read is not used after it.
    session.remove()
    result = command.call(reference, resumed)
    if session().in_transaction():
        raise RuntimeError("the call of a remote command used the session without a unit of work")
    session.remove()
    return result


def _last(route: Route, begun: _Begun, answer: Callable[[], Response]) -> Response:
    """Return the answer and store it; a refusal leaves the key, so that it can be resumed."""
    try:
        response = answer()
    except Problem as refusal:
        if not refusal.keeps_answer:
            raise
        response = idempotency.answer_of(refusal)
    return stored_answers.store(begun.key, response, route.unstored)
