"""A mail server on loopback that keeps mails, and refuses or fails as a test says."""

import asyncio
import os
import signal
import socket
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller

KILLED = "killed"
"""The answer of a server that kills its client instead."""

SILENT = "silent"
"""No answer, and the connection stays open."""

CLOSED = "closed"
"""No answer, and the connection is closed."""


class Mailbox:
    """Keeps the mails that the server takes.

    Attributes:
        mails: What arrived, also mails whose answer was lost.
        answers: What the server answers to a verb (MAIL, RCPT, DATA) instead of 250; one each time.
        victim: The process that :data:`KILLED` kills.
    """

    def __init__(self):
        self.clear()

    def clear(self):
        """Forget all mails and answers."""
        self.mails, self.answers, self.victim = [], {}, None

    async def handle_MAIL(self, server, _session, envelope, address, options):  # noqa: N802
        """Take a sender."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._answer("MAIL", server)

    async def handle_RCPT(self, server, _session, envelope, address, _options):  # noqa: N802
        """Take a recipient."""
        answer = await self._answer("RCPT", server)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802
        """Take a mail, unless the answer refuses it."""
        planned = next(iter(self.answers.get("DATA", [])), "250")
        if not planned.startswith(("4", "5")):
            mail = message_from_bytes(envelope.original_content, policy=policy.SMTPUTF8)
            mail["X-RcptTo"], mail["X-MailFrom"] = envelope.rcpt_tos[0], envelope.mail_from
            self.mails.append(mail)
        return await self._answer("DATA", server)

    async def _answer(self, verb, server):
        waiting = self.answers.get(verb)
        answer = waiting.pop(0) if waiting else "250 OK"
        if answer == KILLED:
            os.kill(self.victim, signal.SIGKILL)
            answer = CLOSED
        if answer == SILENT:
            await asyncio.sleep(3)
        if answer in (SILENT, CLOSED):
            server.transport.abort()
            return "421 closed"
        return answer


class MailServer:
    """A server in a thread.

    Args:
        options: Those of aiosmtpd's controller.

    Attributes:
        mailbox: What it keeps, and how it answers.
    """

    def __init__(self, **options):
        self.mailbox = Mailbox()
        self.port = _free_port()
        self._controller = Controller(self.mailbox, "127.0.0.1", self.port, **options)

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_error):
        self._controller.stop()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
