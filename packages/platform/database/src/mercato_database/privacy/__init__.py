"""Requests to export or erase a person's data are run: each feature in its own transaction."""

from mercato_database.privacy.exports import purge_exports
from mercato_database.privacy.runs import run, run_due, run_now
from mercato_database.privacy.subjects import find_subject, read_record, record, subjects_in
from mercato_database.privacy.trial import try_erasing

__all__ = [
    "find_subject",
    "purge_exports",
    "read_record",
    "record",
    "run",
    "run_due",
    "run_now",
    "subjects_in",
    "try_erasing",
]
