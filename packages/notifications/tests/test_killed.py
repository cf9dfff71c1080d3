"""A worker is killed with SIGKILL between every two steps of sending a mail."""

import os
import signal

import pytest
import sqlalchemy as sa

from mercato_kit.db import engine
from mercato_notifications import services

from .mail_server import KILLED
from .posting import post, post_secret

COMMITS = 3
"""Transactions of sending a mail: it is leased, the attempt is counted, the outcome recorded."""


@pytest.fixture
def killed(app, mailbox):
    """A function that runs another in a process, which is killed meanwhile.

    It is killed when the mail server gets *verb*, or before or after its commit *number*.
    """

    def run(step, *, verb=None, number=None, before=False):
        with app.app_context():
            engine().dispose()
        go, start = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                os.read(go, 1)
                with app.app_context():
                    if number is not None:
                        die_at_commit(number, before=before)
                    step()
            finally:
                os._exit(1)
        mailbox.victim, mailbox.answers = pid, {verb: [KILLED]}
        os.write(start, b"!")
        _, status = os.waitpid(pid, 0)
        os.close(go)
        os.close(start)
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        mailbox.answers = {}

    return run


def die_at_commit(number, *, before):
    """Kill this process before or after a commit."""
    left = [number]

    def die(*_arguments):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    # The session hears of a commit when the database has answered.
    target, name = (engine(), "commit") if before else (sa.orm.Session, "after_commit")
    sa.event.listen(target, name, die)


STEPS = [
    *({"verb": verb} for verb in ("MAIL", "RCPT", "DATA")),
    *({"number": n, "before": before} for n in range(1, COMMITS + 1) for before in (True, False)),
]


@pytest.mark.parametrize("step", STEPS, ids=str)
class TestKilled:
    def test_loses_no_mail(self, commit, messages, mailbox, run_worker, later, killed, step):
        """The mail arrives, at most twice, with one Message-ID; the next worker sends it."""
        commit(post)

        killed(services.send_due, **step)
        later(seconds=0)
        run_worker()

        [message] = messages()
        assert message.status == "sent"
        assert {mail["Message-ID"] for mail in mailbox.mails} == {f"<{message.message_id}>"}
        assert len(mailbox.mails) == 1 + is_lost(step)


@pytest.mark.parametrize("step", STEPS, ids=str)
class TestKilledWithSecrets:
    def test_loses_no_mail(self, app, messages, mailbox, killed, step):
        """The handler is repeated: its mail arrives, at most twice, with one Message-ID."""
        killed(lambda: post(secrets=("number",)), **step)

        post_secret(app)

        [message] = messages()
        assert message.status == "sent"
        assert {mail["Message-ID"] for mail in mailbox.mails} == {f"<{message.message_id}>"}
        assert len(mailbox.mails) == 1 + is_lost(step)


def is_lost(step):
    """Return whether the server had the mail when its answer, or the note of it, was lost."""
    return step in ({"verb": "DATA"}, {"number": COMMITS, "before": True})
