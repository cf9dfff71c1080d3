"""The states of orders as the README shows them: a table and a diagram, made from the table."""

from mercato_orders.states import ORDER

PEOPLE = {"C": "owner", "S": "staff", "W": "worker", "P": "provider"}
NOTHING = "\N{EN DASH}"
REFUNDED = ("partially_refunded", "refunded")
SHORT = {
    "open, when paid or authorized": {f"open/{paid}" for paid in ("authorized", "paid", *REFUNDED)},
    "completed": {f"completed/{paid}" for paid in ("paid", *REFUNDED)},
}
"""What the table says instead of several states."""


def table():
    """Return the table of what may happen to an order, in Markdown."""
    rows = [
        (
            f"`{change.trigger}`",
            _from(change.sources) or NOTHING,
            _shown(change.target),
            change.guard or NOTHING,
            change.stock or NOTHING,
            f"`order.{change.event}`",
            ", ".join(PEOPLE[letter] for letter in change.who.split()) or NOTHING,
        )
        for change in ORDER
    ]
    heads = ("Change", "From", "To", "If", "Units", "Event", "By")
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ("---",) * len(heads), *rows))


def diagram():
    """Return the diagram of the states of an order, in Mermaid."""
    edges = {}
    for change in ORDER:
        for source in change.sources or ("[*]",):
            edges.setdefault((_node(source), _target(source, change.target)), []).append(
                change.trigger
            )
    lines = (
        f"  {source} --> {target}: {', '.join(dict.fromkeys(triggers))}"
        for (source, target), triggers in edges.items()
    )
    return "\n".join(["stateDiagram-v2", *lines])


def section():
    """Return the part of the README between its two marks."""
    return f"\n{table()}\n\n```mermaid\n{diagram()}\n```\n\n"


def _from(sources):
    left, said = [*sources], []
    for words, states in SHORT.items():
        if states <= {*left}:
            left = [state for state in left if state not in states]
            said.append(words)
    return "; ".join([*map(_shown, left), *said])


def _shown(state):
    return f"`{state}`"


def _node(state):
    status, _, paid = state.partition("/")
    if status != "open" or not paid:
        return status
    return f"open_{'paid' if paid in REFUNDED else paid}"


def _target(source, target):
    """Return the node of *target*; a change that keeps the payment status stays where it is."""
    if target != "open":
        return _node(target)
    return _node(source) if source.startswith("open/") else "open_paid"
