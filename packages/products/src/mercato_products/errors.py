"""What this feature refuses, named after the fact."""

from collections.abc import Collection
from typing import Self
from uuid import UUID

from mercato_kit.errors import Conflict
from mercato_kit.errors import FieldError
from mercato_kit.errors import Invalid


class HandleTaken(Conflict):
    """Another product or category has the handle."""

    code = "handle_taken"
    title = "This handle belongs to another one"


class SkuTaken(Conflict):
    """Another variant has the stock keeping unit."""

    code = "sku_taken"
    title = "This sku belongs to another variant"


class ExternalReferenceTaken(Conflict):
    """Another product has the external reference."""

    code = "external_reference_taken"
    title = "This external reference belongs to another product"


class DuplicateOptions(Conflict):
    """The product has a variant with the same option values."""

    code = "duplicate_options"
    title = "A variant of this product has the same option values"


class InvalidTransition(Conflict):
    """The status cannot become what is asked for."""

    code = "invalid_transition"
    title = "The status cannot change like this"


class CategoryCycle(Conflict):
    """A category cannot stand inside itself."""

    code = "category_cycle"
    title = "A category cannot be placed below itself"


class CategoryNotEmpty(Conflict):
    """Other categories stand inside it."""

    code = "category_not_empty"
    title = "Other categories stand inside this one"


class StockNotTracked(Conflict):
    """The variant never runs out, so nothing is counted."""

    code = "stock_not_tracked"
    title = "The stock of this variant is not tracked"


class StockInUse(Conflict):
    """The variant has moved in the ledger, so it cannot begin or cease to be counted."""

    code = "stock_in_use"
    title = "Units of this variant have moved already"


class StaleQuantity(Conflict):
    """The stock changed since it was counted."""

    code = "stale_quantity"
    title = "There are not as many units as expected"


class StockBelowReserved(Conflict):
    """Fewer units would be left than are promised, or fewer than none."""

    code = "stock_below_reserved"
    title = "Fewer units would be left than are promised"

    @classmethod
    def of(cls, variant_ids: Collection[UUID]) -> Self:
        """Name the variants."""
        return cls(variant_ids=sorted(map(str, variant_ids)))


class ReferenceUsed(Conflict):
    """The reference has moved this level before."""

    code = "reference_used"
    title = "This reference has moved the stock before"


def invalid(pointer: str, code: str, detail: str) -> Invalid:
    """Return the refusal of one value that the services found not to hold.

    Args:
        pointer: Where it stands in the body (RFC 6901).
        code: Machine word.
        detail: What is so.
    """
    return Invalid(errors=[FieldError(pointer, code, detail)])
