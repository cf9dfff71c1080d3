"""HTTP: routes with policies, ETags, idempotency keys and keyset pagination."""

from mercato_kit.http import addresses
from mercato_kit.http.blueprint import Blueprint
from mercato_kit.http.body import field_errors, read_bytes
from mercato_kit.http.etag import if_match
from mercato_kit.http.pagination import (
    ListQuerySchema,
    Page,
    PageRequest,
    page_of,
    paginate,
    paginate_merged,
)
from mercato_kit.http.preparation import Outdated, always
from mercato_kit.http.remote import Remote
from mercato_kit.http.routes import Route

__all__ = [
    "Blueprint",
    "ListQuerySchema",
    "Outdated",
    "Page",
    "PageRequest",
    "Remote",
    "Route",
    "addresses",
    "always",
    "field_errors",
    "if_match",
    "page_of",
    "paginate",
    "paginate_merged",
    "read_bytes",
]
