"""Periodic jobs of notifications."""

from mercato_kit.jobs import Job
from mercato_notifications import services

JOBS = [
    # It opens units of work itself, so the worker must not open one around it.
    Job("send_mails", services.send_due, every_seconds=5, remote=True),
    Job("forget_mails", services.forget_old, every_seconds=3600),
]
