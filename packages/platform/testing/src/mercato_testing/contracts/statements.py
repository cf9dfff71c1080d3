"""Count the statements of a provider."""

from collections.abc import Callable, Iterator

from mercato_testing.statements import StatementCounter


def too_many(statements: StatementCounter, ask: Callable[[], object]) -> Iterator[str]:
    """Find all statements that are sent, if they are more than one or no SELECT."""
    with statements as sent:
        ask()
    if len(sent) > 1 or not all(one.lstrip().startswith(("SELECT", "WITH")) for one in sent):
        yield f"not one SELECT at most: {sent}"
