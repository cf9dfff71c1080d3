"""The contract ``orders``: quotes, new orders, and what was bought.

Amounts are whole minor units of the order's currency.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, NewType, Protocol
from uuid import UUID

from mercato_contracts.baskets import Address, Customer

ANSWERS: Final = "one"

Prepared = NewType("Prepared", object)
"""What remote providers answered; only the provider of this contract reads it."""


@dataclass(frozen=True, slots=True)
class WantedLine:
    """Units (1 to 999) of one variant."""

    variant_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be bought. Limits and rules are those of ``POST /v1/orders``.

    Args:
        lines: 1 to 100; lines of one variant are summed.
        currency: ISO 4217 code.
        customer: Who buys. A guest needs an e-mail address to place an order.
        discount_codes: As the customer wrote them.
        shipping_method: ``<provider>.<code>``.
        shipping_address: Where the goods are sent; required to place an order.
        billing_address: None for the shipping address.
        tax_id: The customer's VAT number or the like.
        expected_amount_total: The total that the customer saw; None to accept any.
        note: The customer's note.
        metadata: Pairs of text that are kept with the order.
    """

    lines: tuple[WantedLine, ...]
    currency: str
    customer: Customer
    discount_codes: tuple[str, ...] = ()
    shipping_method: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    tax_id: str | None = None
    expected_amount_total: int | None = None
    note: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of an order.

    ``amount_total`` is the subtotal, less the discount, plus shipping, rounding, and the tax if
    ``tax_included`` is False.
    """

    currency: str
    tax_included: bool
    amount_subtotal: int
    amount_discount: int
    amount_shipping: int
    amount_tax: int
    amount_rounding: int
    amount_total: int


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Units of one variant with their price; *position* counts from 0."""

    position: int
    product_id: UUID
    variant_id: UUID
    sku: str
    name: str
    quantity: int
    unit_amount: int
    amount_subtotal: int
    amount_discount: int
    amount_tax: int
    amount_total: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the price of a line, of shipping or of the order.

    Args:
        kind: What it is.
        target: What it belongs to.
        position: The line, if it belongs to one.
        provider: Name of the provider that it comes from.
        code: The discount code, the method's code or the tax's code.
        label: Its name, for customers.
        amount: Below 0 for a discount.
    """

    kind: Literal["discount", "shipping", "tax", "fee", "rounding"]
    target: Literal["line", "shipping", "order"]
    position: int | None
    provider: str
    code: str | None
    label: str
    amount: int


@dataclass(frozen=True, slots=True)
class QuotedMethod:
    """A shipping method that can be chosen.

    Args:
        code: ``<provider>.<code>``.
        label: Its name, for customers.
        amount_subtotal: The listed price.
        amount_discount: What discounts take off.
        amount: What is charged.
        days_min: Estimated days until delivery, at least.
        days_max: Estimated days until delivery, at most.
    """

    code: str
    label: str
    amount_subtotal: int
    amount_discount: int
    amount: int
    days_min: int | None = None
    days_max: int | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """A price.

    Args:
        totals: The sums.
        lines: One line a variant.
        parts: All parts of the price besides listed prices.
        shipping_methods: The methods that can be chosen, with their prices.
        warnings: Why an order would be refused now; each has a ``code``.
        valid_until: Prices may change afterwards (aware).
    """

    totals: Totals
    lines: tuple[OrderLine, ...]
    parts: tuple[Part, ...]
    shipping_methods: tuple[QuotedMethod, ...]
    warnings: tuple[Mapping[str, Any], ...]
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """An order.

    Args:
        number: For people; unique.
        status: State of the order.
        payment_status: How much of it was paid.
        fulfillment_status: How much of it was sent.
        placed_at: When (aware).
        customer_id: The account; None for a guest.
        email: The customer's address; None if their data was erased.
        locale: The customer's language (BCP 47), if it is known.
        totals: The sums.
        lines: In the order of their positions.
    """

    id: UUID
    number: int
    status: str
    payment_status: str
    fulfillment_status: str
    placed_at: datetime
    customer_id: UUID | None
    email: str | None
    locale: str | None
    totals: Totals
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that was placed.

    Args:
        access_token: The secret of a guest's order; None if an account owns it.
        already: Whether an earlier call with the same reference placed it.
    """

    id: UUID
    number: int
    amount_total: int
    access_token: str | None
    already: bool


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A wrong value: its JSON pointer in the body of ``POST /v1/orders``, a code, a sentence."""

    pointer: str
    code: str
    detail: str


class OrderRefused(Exception):
    """The order cannot be quoted or placed.

    The transaction has to be rolled back: a part of the order may have been written.

    Args:
        status: The status that ``POST /v1/orders`` answers.
        code: The code of its problem.
        errors: What is wrong with the values.
        members: Further members of the problem, as JSON values.
    """

    def __init__(
        self,
        status: int,
        code: str,
        errors: Sequence[FieldFault] = (),
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"order refused: {status} {code}")
        self.status = status
        self.code = code
        self.errors = tuple(errors)
        self.members = dict(members or {})


class ReentrantCall(Exception):
    """A provider that is asked for a price asked for a price itself."""


class Orders(Protocol):
    """Quotes, places and finds orders."""

    def prepare(self, wanted: Wanted) -> Prepared:
        """Ask remote providers, outside of a transaction.

        A provider that is late or fails is recorded as such, and raises nothing here.

        Raises:
            OrderRefused: The order cannot be quoted.
        """
        ...

    def quote(self, wanted: Wanted, prepared: Prepared | None = None) -> Quoted:
        """Return the price. Writes nothing.

        Args:
            wanted: What is to be bought.
            prepared: The answers of remote providers for it.

        Raises:
            OrderRefused: It cannot be bought like this.
            ReentrantCall: The caller is being asked for a price.
        """
        ...

    def place(self, reference: UUID, wanted: Wanted, prepared: Prepared | None = None) -> Placed:
        """Place an order in the caller's transaction; once by reference.

        Args:
            reference: Identifies the purchase, e.g. the id of a cart.
            wanted: What is to be bought; without effect if the reference was used.
            prepared: The answers of remote providers for it.

        Raises:
            OrderRefused: It cannot be bought like this. The transaction has to be rolled back.
            ReentrantCall: The caller is being asked for a price.
        """
        ...

    def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Record]:
        """Return orders by id, in one SELECT. Unknown ids are left out."""
        ...

    def bought(self, customer: UUID, product_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return which of the products a customer has bought, in one SELECT.

        A product counts if a unit of it is paid, and neither refunded nor canceled.
        """
        ...
