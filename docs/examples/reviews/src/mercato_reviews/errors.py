"""Problems of reviews."""

from mercato_kit.errors import Conflict, Forbidden


class BuyersOnly(Forbidden):
    """The setting ``buyers_only`` is on, and the caller has not paid an order."""

    code = "buyers_only"
    title = "Only customers with a paid order may do this"


class ReviewExists(Conflict):
    """The customer has already created one for the variant."""

    code = "review_exists"
    title = "You have already created one for this variant"


class VariantUnavailable(Conflict):
    """The variant does not exist, or is not for sale."""

    code = "variant_unavailable"
    title = "The item is not available"
