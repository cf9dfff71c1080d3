"""Problems of reviews."""

from mercato_kit.errors import Conflict, Forbidden


class BuyersOnly(Forbidden):
    """The caller has no paid order with the product, or all of its units were given back."""

    code = "buyers_only"
    title = "Only customers who bought the product may review it"


class ReviewExists(Conflict):
    """The customer has reviewed the product already; that review can be changed."""

    code = "review_exists"
    title = "You have already reviewed this product"
