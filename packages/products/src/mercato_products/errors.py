"""Problems of products."""

from typing import ClassVar

from mercato_kit.errors import Conflict

_ID = {"type": "string", "format": "uuid"}
_IDS = {"type": "array", "items": _ID, "description": "Ids of the variants"}


class HandleTaken(Conflict):
    """Another product or category has the handle."""

    code = "handle_taken"
    title = "This handle is already in use"


class SkuTaken(Conflict):
    """Another variant has the SKU."""

    code = "sku_taken"
    title = "This SKU is already in use"


class ExternalReferenceTaken(Conflict):
    """Another product has the external reference."""

    code = "external_reference_taken"
    title = "This external reference is already in use"


class DuplicateOptions(Conflict):
    """Another variant of the product has the same option values."""

    code = "duplicate_options"
    title = "Another variant of this product has the same option values"


class InvalidTransition(Conflict):
    """The status cannot change from the current to the requested one."""

    code = "invalid_transition"
    title = "This change of status is not allowed"


class CategoryCycle(Conflict):
    """A category cannot be moved below itself."""

    code = "category_cycle"
    title = "A category cannot be moved below itself"


class CategoryNotEmpty(Conflict):
    """The category has subcategories."""

    code = "category_not_empty"
    title = "The category has subcategories"


class StockNotTracked(Conflict):
    """The variant does not track its inventory, so it has no stock level."""

    code = "stock_not_tracked"
    title = "The stock of this variant is not tracked"
    member_schemas: ClassVar = {"variant_ids": _IDS}


class StockInUse(Conflict):
    """Stock of the variant has moved, so ``track_inventory`` cannot change."""

    code = "stock_in_use"
    title = "Stock of this variant has already moved"


class StaleQuantity(Conflict):
    """The units on hand differ from ``expected_on_hand``."""

    code = "stale_quantity"
    title = "The stock has changed since it was counted"
    member_schemas: ClassVar = {
        "variant_id": {**_ID, "description": "Id of the variant"},
        "on_hand": {"type": "integer", "description": "Units that are on hand"},
    }


class StockBelowReserved(Conflict):
    """Units on hand would fall below the reserved units, or below 0."""

    code = "stock_below_reserved"
    title = "Stock would fall below the reserved units"
    member_schemas: ClassVar = {"variant_ids": _IDS}


class ReferenceUsed(Conflict):
    """A movement with this reference exists for the level."""

    code = "reference_used"
    title = "This reference has already been used for this stock"
