"""Views: what a resource shows, read by one statement, without entities.

A view says which output schema it fills and which rows it shows. Its answer is equal to what
``schema.dump`` makes of the entity.
"""

from mercato_kit.lists import any_of
from mercato_kit.shown import Shown
from mercato_kit.views.elements import JsonList, JsonObject, JsonText, UuidText, comparisons
from mercato_kit.views.view import Through, View

__all__ = [
    "JsonList",
    "JsonObject",
    "JsonText",
    "Shown",
    "Through",
    "UuidText",
    "View",
    "any_of",
    "comparisons",
]
