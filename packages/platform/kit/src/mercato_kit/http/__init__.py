"""HTTP: routes with policies, ETags, idempotency keys and keyset pagination."""

from mercato_kit.http.blueprint import Blueprint
from mercato_kit.http.blueprint import Route
from mercato_kit.http.etag import if_match
from mercato_kit.http.pagination import ListQuerySchema
from mercato_kit.http.pagination import Page
from mercato_kit.http.pagination import PageRequest
from mercato_kit.http.pagination import page_of
from mercato_kit.http.pagination import paginate

__all__ = [
    "Blueprint",
    "ListQuerySchema",
    "Page",
    "PageRequest",
    "Route",
    "if_match",
    "page_of",
    "paginate",
]
