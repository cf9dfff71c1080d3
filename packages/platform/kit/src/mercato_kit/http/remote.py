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
from mercato_kit.db import new_id, session
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
    runner = _Runner(route, view, respond, new_id())

    def begin() -> Response | _Begun:
        check()
        return runner.begin(idempotency.key_of(route, request))

    begun = work.run(begin, safe_to_repeat=True)
    return begun if isinstance(begun, Response) else runner.go_on(begun)


@dataclass(frozen=True, slots=True)
class _Runner:
    """Runs the command of one request.

    Args:
        route: The route.
        view: Calls the view.
        respond: Returns the response to its result.
        lease_id: Of the lease of this request.
    """

    route: Route
    view: Callable[[], Any]
    respond: Respond
    lease_id: UUID

    def begin(self, key: Key) -> Response | _Begun:
        """Begin the command in the first transaction, or resume it, or return its answer."""
        if stored_answers.claim(key):
            return idempotency.answer_first(self.route, key, lambda: self._first(key, self.view()))
        row = stored_answers.find(key)
        if row.response_status is not None or row.reference is None:
            return stored_answers.replay(row, self.route.unstored)
        lease = stored_answers.resume(key, self.lease_id)
        return _Begun(key, lease, row.reference, self.view(), resumed=True)

    def _first(self, key: Key, result: Any) -> Response | _Begun:
        if not isinstance(result, Remote):
            return self.respond(result)
        begun = result.begin()
        if not isinstance(begun, UUID):
            return self.respond(begun)
        lease = stored_answers.hold(key, begun, self.lease_id)
        return _Begun(key, lease, begun, result, resumed=False)

    def go_on(self, begun: _Begun) -> Response:
        """Call the other machine, and finish; without an answer the next request may resume."""
        try:
            with leases.renewed(begun.lease):
                result = _call(begun.command, begun.reference, resumed=begun.resumed)
            return work.run(lambda: self._finish(begun, result), safe_to_repeat=True)
        except Exception:
            leases.end(begun.lease)
            raise

    def _finish(self, begun: _Begun, result: Any) -> Response:
        """Return the answer and store it; a refusal leaves the key, so that it can be resumed."""
        row = stored_answers.find(begun.key, lock=True)
        if row.response_status is not None:
            return stored_answers.replay(row, self.route.unstored)
        try:
            response = self.respond(begun.command.finish(begun.reference, result))
        except Problem as refusal:
            if not refusal.keeps_answer:
                raise
            response = idempotency.answer_of(refusal)
        return stored_answers.store(begun.key, response, self.route.unstored)


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
