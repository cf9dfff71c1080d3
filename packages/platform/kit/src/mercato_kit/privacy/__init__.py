"""A person's data: what each feature holds of it, and the requests to export or erase it.

A feature says in ``Feature.personal_data`` which of its columns hold data of a person, and has a
function that exports it and one that erases it. ``request()`` stores a request; the worker then
asks each feature in a transaction of its own.
"""

from mercato_kit.privacy.archives import EXPORT_KEPT, read_archive
from mercato_kit.privacy.personal_data import (
    Columns,
    Erased,
    Handling,
    Part,
    PersonalData,
    Retained,
    columns,
)
from mercato_kit.privacy.requests import Kind, Request, Step, cancel, get, request
from mercato_kit.privacy.subjects import Subject

__all__ = [
    "EXPORT_KEPT",
    "Columns",
    "Erased",
    "Handling",
    "Kind",
    "Part",
    "PersonalData",
    "Request",
    "Retained",
    "Step",
    "Subject",
    "cancel",
    "columns",
    "get",
    "read_archive",
    "request",
]
