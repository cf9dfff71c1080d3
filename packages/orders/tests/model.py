"""A model of one payment: all interleavings of its processes, with crashes and late packets.

A state is what the database, the provider, the network and the processes have. A step of a process
is one transaction or one call. A process may stop for ever between two steps; a request that it has
sent may still arrive, and an event of the provider may be delivered at any time, again, or never.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from mercato_orders.states import ORDER, PAYMENT

WITHOUT_KEY = "refunded twice"


@dataclass(frozen=True)
class State:
    """A state of the whole.

    Args:
        order: ``open/unpaid``, ``open/paid`` or ``canceled``.
        payment: The status of its row; None before there is one.
        reference: Whether the provider's reference is stored.
        void: Whether a void was requested.
        key: What the idempotency key has: nothing, what was begun, or its answer.
        intent: What the provider has: None, ``open``, ``captured``, ``canceled``, ``refunded``.
        packets: Requests on their way to the provider.
        events: Events of the provider that may be delivered.
        pay: What the requests that pay do next; two, if a lease ended too early.
        cancel: What the request that cancels does next.
        reconciler: What the reconciler does next.
    """

    order: str = "open/unpaid"
    payment: str | None = None
    reference: bool = False
    void: bool = False
    key: str = "free"
    intent: str | None = None
    packets: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    pay: tuple[str, ...] = ()
    cancel: str = "not yet"
    reconciler: str = "idle"


@dataclass(frozen=True)
class Rules:
    """What prevents mistakes; a mutant lacks one.

    Args:
        fence: A reference is stored only for a payment that was not given up, and a payment is
            confirmed only with a stored reference.
        asks: The provider is asked before a payment counts as canceled.
        gives_back: Money that arrives too late is refunded.
        guard: Only an order that is open and unpaid becomes paid.
        idempotent: The provider knows a refund by its key.
    """

    fence: bool = True
    asks: bool = True
    gives_back: bool = True
    guard: bool = True
    idempotent: bool = True


class Forbidden(AssertionError):
    """A step that the table of states does not have."""


def moved(state: State, status: str) -> State:
    """Return the state with another status of the payment, if the table has this step."""
    if status not in PAYMENT[state.payment]:
        raise Forbidden(f"payment: {state.payment} -> {status}")
    return replace(state, payment=status)


def ordered(state: State, trigger: str) -> State:
    """Return the state with the order after a trigger, which the table must allow."""
    one = next(each for each in ORDER if each.trigger == trigger)
    if state.order not in one.sources:
        raise Forbidden(f"order: {trigger} of {state.order}")
    return replace(state, order=one.target)


def settled(state: State, evidence: str | None, rules: Rules) -> State:
    """Return the state after settle() has seen what the provider had at some time."""
    in_flight = state.payment in ("processing", "requires_action")
    if evidence in ("captured", "refunded") and (in_flight or state.payment == "canceled"):
        state = with_money(replace(state, void=False), rules)
    if evidence == "canceled" and in_flight:
        return moved(replace(state, void=False), "canceled")
    if evidence == "refunded" and state.payment == "refund_due":
        return moved(state, "refunded")
    return state


def with_money(state: State, rules: Rules) -> State:
    """Return the state after money was seen for the first time."""
    if not rules.guard:
        return replace(state, payment="captured", order="open/paid")
    if state.order == "open/unpaid" and state.payment != "canceled":
        return ordered(moved(state, "captured"), "pay")
    return moved(state, "refund_due") if rules.gives_back else replace(state, payment="captured")


def send(state: State, packet: str) -> State:
    """Return the state with a request on its way."""
    return replace(state, packets=state.packets | {packet})


def evidence_of(step: str) -> str | None:
    """Return what a process that settles has seen."""
    seen = step.partition(":")[2]
    return None if seen == "None" else seen


def network(state: State, rules: Rules) -> Iterator[tuple[str, State]]:
    """Yield what the provider can do with a request, and the events that can be delivered."""
    for packet in state.packets:
        for intent in reactions(packet, state.intent, rules):
            events = state.events if intent == state.intent else state.events | {str(intent)}
            left = state.packets - {packet}
            changed = replace(state, packets=left, intent=intent, events=events)
            yield f"provider: {packet} -> {intent}", changed
    for event in state.events - {"open"}:
        yield f"webhook: {event}", settled(state, event, rules)


def reactions(packet: str, intent: str | None, rules: Rules) -> tuple[str | None, ...]:
    """Return what the provider may have after a request."""
    if packet == "confirm" and intent == "open":
        return ("captured", "canceled")
    if packet == "void" and intent == "open":
        return ("canceled",)
    if packet == "refund" and intent == "captured":
        return ("refunded",)
    if packet == "refund" and intent == "refunded" and not rules.idempotent:
        return (WITHOUT_KEY,)
    return (intent,)


def paying(state: State, rules: Rules) -> Iterator[tuple[str, State]]:
    """Yield the steps of the requests that pay."""
    if state.key == "free" and state.order == "open/unpaid" and state.payment is None:
        begun = moved(replace(state, key="begun"), "processing")
        yield "pay: T1", replace(begun, pay=("open",))
    if state.key == "begun" and len(state.pay) < 2:
        first = "fetch" if state.reference else "open"
        yield "pay: resume", replace(state, pay=tuple(sorted((*state.pay, first))))
    for number, step in enumerate(state.pay):
        others = state.pay[:number] + state.pay[number + 1 :]
        here = replace(state, pay=others)
        yield "pay: crash", here
        for name, after, following in pay_step(step, here, rules):
            pay = others if following is None else tuple(sorted((*others, following)))
            yield f"pay: {name}", replace(after, pay=pay)


def may_confirm(state: State) -> bool:
    """Return whether the fence lets a request store the reference and confirm."""
    return state.payment == "processing" and not state.void and not state.reference


def pay_step(step: str, state: State, rules: Rules) -> Iterator[tuple[str, State, str | None]]:
    """Yield the next step of a request that pays: its name, the state, and what it does then."""
    if step == "open":
        yield "open", replace(state, intent=state.intent or "open"), "Tb"
    elif step == "Tb" and (may_confirm(state) or not rules.fence):
        yield "Tb", replace(state, reference=True), "confirm"
    elif step == "Tb":
        yield "Tb: fenced", state, "settle:None"
    elif step == "confirm":
        yield "confirm", send(state, "confirm"), "wait:confirm"
    elif step == "fetch":
        yield "fetch", state, f"settle:{state.intent}"
    elif step.startswith("wait:"):
        yield from answered(step, state, "settle:None")
    elif state.key == "answered":
        yield "T2: replay", state, None
    else:
        after = settled(state, evidence_of(step), rules)
        yield "T2", replace(after, key="answered"), None


def answered(
    step: str, state: State, without_answer: str | None
) -> Iterator[tuple[str, State, str | None]]:
    """Yield how a process that waits for the provider goes on."""
    yield "time-out", state, without_answer
    if step.removeprefix("wait:") not in state.packets:
        yield "answer", state, f"settle:{state.intent}"


def canceling(state: State, rules: Rules) -> Iterator[tuple[str, State]]:
    """Yield the steps of the request that cancels the order."""
    if state.cancel == "not yet" and state.order == "open/unpaid":
        after = ordered(state, "cancel_unpaid")
        in_flight = state.payment == "processing"
        yield "cancel: T1", replace(after, void=in_flight, cancel="void" if in_flight else "done")
    elif state.cancel not in ("not yet", "done"):
        yield "cancel: crash", replace(state, cancel="done")
        for name, after, following in voiding(state.cancel, state, rules):
            yield f"cancel: {name}", replace(after, cancel=following or "done")


def voiding(step: str, state: State, rules: Rules) -> Iterator[tuple[str, State, str | None]]:
    """Yield the next step of a void that was requested."""
    if step == "void" and not state.void:
        yield "nothing to void", state, None
    elif step == "void" and not state.reference:
        yield "void by the fence", moved(replace(state, void=False), "canceled"), None
    elif step == "void":
        yield "void", send(state, "void"), "wait:void"
    elif step.startswith("wait:"):
        yield from answered(step, state, None)
    else:
        yield "settle", settled(state, evidence_of(step), rules), None


def has_work(state: State) -> bool:
    """Return whether the reconciler finds the payment."""
    return state.payment in ("processing", "refund_due") or state.void


def reconciling(state: State, rules: Rules) -> Iterator[tuple[str, State]]:
    """Yield the steps of the reconciler."""
    if state.reconciler == "idle":
        if state.payment == "refund_due":
            yield "reconciler: refund", replace(send(state, "refund"), reconciler="wait:refund")
        elif has_work(state) and not rules.asks:
            yield "reconciler: too old", moved(replace(state, void=False), "canceled")
        elif has_work(state) and (state.void or not state.reference):
            yield "reconciler: give up", replace(state, void=True, reconciler="void")
        elif has_work(state):
            yield "reconciler: fetch", replace(state, reconciler=f"seen:{state.intent}")
        return
    yield "reconciler: crash", replace(state, reconciler="idle")
    if state.reconciler.startswith("seen:"):
        after = settled(state, evidence_of(state.reconciler), rules)
        # An intent that is still open was not confirmed, and is given up some time.
        is_open = state.reconciler == "seen:open" and after.payment == "processing"
        yield "reconciler: settle", replace(after, reconciler="idle", void=after.void or is_open)
        return
    for name, after, following in voiding(state.reconciler, state, rules):
        yield f"reconciler: {name}", replace(after, reconciler=following or "idle")


PROCESSES: tuple[Callable[[State, Rules], Iterator[tuple[str, State]]], ...] = (
    paying,
    canceling,
    reconciling,
    network,
)


def at_rest(state: State) -> bool:
    """Return whether nothing goes on: events that were not delivered may be lost."""
    is_idle = not state.pay and state.cancel in ("not yet", "done")
    return is_idle and state.reconciler == "idle" and not state.packets and not has_work(state)


def mistake_in(state: State) -> str | None:
    """Return what is wrong with a state; None if nothing is."""
    if state.intent == WITHOUT_KEY:
        return "money moved twice"
    if state.cancel != "not yet" and state.order != "canceled":
        return "a canceled order is paid"
    if not at_rest(state):
        return None
    if (state.intent == "captured") != (state.order == "open/paid"):
        return "the provider and the order disagree"
    if (state.intent == "captured") != (state.payment == "captured"):
        return "the provider and the payment disagree"
    if (state.intent == "refunded") != (state.payment == "refunded"):
        return "the provider and the refund disagree"
    return None


@dataclass
class Search:
    """A breadth-first search of all states.

    Args:
        rules: The rules that hold.
    """

    rules: Rules
    came_from: dict[State, tuple[str, State] | None] = field(default_factory=dict)
    followers: dict[State, list[State]] = field(default_factory=dict)

    def run(self) -> str | None:
        """Visit all states; return the first mistake with the shortest way to it."""
        first = State()
        self.came_from[first] = None
        waiting = deque([first])
        while waiting:
            state = waiting.popleft()
            if mistake := mistake_in(state):
                return f"{mistake}: {' / '.join(self.way_to(state))}"
            self.followers[state] = []
            for process in PROCESSES:
                for name, after in process(state, self.rules):
                    self.followers[state].append(after)
                    if after not in self.came_from:
                        self.came_from[after] = (name, state)
                        waiting.append(after)
        return None

    def way_to(self, state: State) -> list[str]:
        """Return the names of the steps to a state."""
        names: list[str] = []
        while (step := self.came_from[state]) is not None:
            name, state = step
            names.append(name)
        return names[::-1]

    def stuck(self) -> set[State]:
        """Return the states from which no state at rest can be reached."""
        before: dict[State, list[State]] = {}
        for state, followers in self.followers.items():
            for after in followers:
                before.setdefault(after, []).append(state)
        waiting = [state for state in self.followers if at_rest(state)]
        good = set(waiting)
        while waiting:
            for state in before.get(waiting.pop(), ()):
                if state not in good:
                    good.add(state)
                    waiting.append(state)
        return set(self.followers) - good
