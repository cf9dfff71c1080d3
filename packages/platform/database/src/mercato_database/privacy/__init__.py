"""Requests to export or erase a person's data are run: each feature in its own transaction."""

from mercato_database.privacy.exports import purge_exports
from mercato_database.privacy.runs import run, run_due

__all__ = ["purge_exports", "run", "run_due"]
