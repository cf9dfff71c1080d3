"""What happens by itself later: banks decide, authorisations end."""

from collections.abc import Callable, Mapping

from mercato_payments_sandbox.server.ledger import Work

Verbs = Mapping[str, Callable[[Work, str], None]]


def plan(work: Work, seconds: float, verb: str, subject: str) -> None:
    """Plan a verb for a payment or a refund."""
    work.db.execute(
        "INSERT INTO task (due_at, verb, subject) VALUES (?, ?, ?)",
        (work.now + seconds, verb, subject),
    )


def run_due(work: Work, verbs: Verbs) -> None:
    """Do what is due, in order of time."""
    due = work.db.execute(
        "SELECT id, verb, subject FROM task WHERE due_at <= ? ORDER BY due_at, id", (work.now,)
    ).fetchall()
    for row in due:
        work.db.execute("DELETE FROM task WHERE id = ?", (row["id"],))
        verbs[row["verb"]](work, row["subject"])
