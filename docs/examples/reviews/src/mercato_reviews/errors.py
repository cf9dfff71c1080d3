"""What reviews refuse."""

from mercato_kit.errors import Conflict, Forbidden


class BuyersOnly(Forbidden):
    """The shop wants to hear from customers who paid an order, and the caller is none yet."""

    code = "buyers_only"
    title = "Only customers who paid an order may do this"


class ReviewExists(Conflict):
    """The customer said something about the variant already."""

    code = "review_exists"
    title = "There is one of yours already"


class VariantUnavailable(Conflict):
    """The variant does not exist, or is not for sale."""

    code = "variant_unavailable"
    title = "It is not for sale"
