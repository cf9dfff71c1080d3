"""Baskets that providers are asked about."""

import dataclasses
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from mercato_contracts.baskets import Address, Basket, BasketLine, Carriage, Customer

ADDRESS = Address("Ada Marsh", "Lindenweg 21", "Berlin", "DE", postal_code="10115")
CARRIAGE = Carriage("post", "standard", "Standard", 490)


def sample_line(position: int = 0, **members: Any) -> BasketLine:
    """Return a line of two units at 12.50 each that weigh 400 grams; *members* replace its own."""
    variant_id = UUID(int=position + 1)
    values: dict[str, Any] = {
        "product_id": variant_id,
        "variant_id": variant_id,
        "sku": f"SKU-{position}",
        "category_ids": frozenset(),
        "tax_code": None,
        "unit_amount": 1_250,
        "quantity": 2,
        "weight_grams": 400,
        "requires_shipping": True,
    }
    return BasketLine(position, **(values | members))


def sample_basket(**members: Any) -> Basket:
    """Return a guest's basket of two lines in EUR, sent to Berlin; *members* replace its own."""
    values: dict[str, Any] = {
        "lines": (sample_line(0), sample_line(1, unit_amount=900, quantity=1)),
        "currency": "EUR",
        "at": datetime.now(UTC),
        "customer": Customer(None, None),
        "shipping_address": ADDRESS,
        "shipping": CARRIAGE,
    }
    return Basket(**(values | members))


def many_lines(basket: Basket) -> Basket:
    """Return *basket* with the lines of it 20 times, each of another variant."""
    lines = (
        dataclasses.replace(
            line,
            position=position,
            variant_id=UUID(int=position + 1),
            sku=f"SKU-{position}",
        )
        for position, line in enumerate(basket.lines * 20)
    )
    return dataclasses.replace(basket, lines=tuple(lines))
