"""Ask remote providers for their part of a price, before the transaction begins."""

import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from flask import Flask

from mercato_contracts.discounts import Discounts
from mercato_contracts.orders import Wanted
from mercato_contracts.shipping import Shipping
from mercato_contracts.taxes import InvalidTaxId, Taxes
from mercato_kit import work
from mercato_kit.contexts import get_app
from mercato_kit.errors import Problem
from mercato_kit.principals import Principal
from mercato_kit.remote import note_late
from mercato_kit.services import chosen, each, remote_terms
from mercato_orders.services.buyers import buyer_of, visitor_of
from mercato_orders.services.inquiry import Inquiry, Kept, Key, Unasked, calling
from mercato_orders.services.prices import price
from mercato_orders.values import NewOrder

_MOST_CALLS = threading.BoundedSemaphore(32)
"""Calls of remote providers at one time in a process; those that hang count, too."""

_log = logging.getLogger(__name__)


def prepare_quote(new: NewOrder, principal: Principal) -> Inquiry | None:
    """Ask remote providers for a caller who wants a quote; see :func:`prepare`."""
    return prepare(new.by(visitor_of(principal)))


def prepare_order(new: NewOrder, principal: Principal) -> Inquiry | None:
    """Ask remote providers for a caller who places an order; see :func:`prepare`.

    Raises:
        Invalid: The order has no e-mail address, or a wrong one.
    """
    return prepare(new.by(buyer_of(new, principal)))


def prepare(wanted: Wanted) -> Inquiry | None:
    """Ask remote providers about *wanted*, each within the time that the operator gives it.

    The price is computed in a transaction that only reads and ends before each call, and again
    with each answer. A provider that is late or fails is remembered as such. A price that is
    refused is refused again by who asks for it with the result.

    Returns:
        The answers; None where no remote provider is composed.

    Raises:
        RuntimeError: The transaction has begun.
    """
    if not _has_remote():
        return None
    if work.is_writing():
        raise RuntimeError("prepare() waits for other machines: call it before the transaction")
    kept: dict[Key, Kept] = {}
    inquiry, left = Inquiry(kept=kept), _Left()
    while True:
        try:
            work.run(lambda: price(wanted, inquiry, places=False), read_only=True)
        except Unasked as unasked:
            kept[unasked.key] = left.ask(unasked)
        except (Problem, InvalidTaxId):
            break
        else:
            break
    return inquiry


def _has_remote() -> bool:
    taxes = chosen(Taxes)
    return (
        (taxes is not None and taxes.remote)
        or any(one.remote for one in each(Discounts))
        or any(one.remote for one in each(Shipping))
    )


class _Left:
    """The time that each remote provider has left in this request."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], float] = {}

    def ask(self, unasked: Unasked) -> Kept:
        """Ask a provider; an answer that is late or broken is kept as none."""
        contract, name, _ = unasked.key
        terms = remote_terms(unasked.contract, name)
        seconds = self._seconds.get((contract, name), terms.seconds if terms else 0.0)
        begin = time.monotonic()
        kept = _within(seconds, unasked.call)
        self._seconds[contract, name] = seconds - (time.monotonic() - begin)
        if kept == Kept():
            note_late(unasked.contract, name)
        return kept


def _within(seconds: float, call: Callable[[], Any]) -> Kept:
    """Call a provider in a thread of its own, and wait for it *seconds* at most."""
    until = time.monotonic() + seconds
    if seconds <= 0 or not _MOST_CALLS.acquire(timeout=seconds):
        return Kept()
    answers: SimpleQueue[Kept] = SimpleQueue()
    arguments = (get_app(), call, answers)
    threading.Thread(target=_call, args=arguments, daemon=True).start()
    try:
        return answers.get(timeout=max(0, until - time.monotonic()))
    except Empty:
        return Kept()


def _call(app: Flask, call: Callable[[], Any], answers: SimpleQueue[Kept]) -> None:
    try:
        # A context of its own: a late call must not use the session of the request.
        with app.app_context(), calling():
            answers.put(Kept(call()))
    except InvalidTaxId as error:
        answers.put(Kept(error=error))
    except Exception:  # noqa: BLE001 - whatever it is, the operator has said what happens
        _log.exception("a remote provider failed")
        answers.put(Kept())
    finally:
        _MOST_CALLS.release()
