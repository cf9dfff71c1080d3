"""What orders hands out about a person on request."""

from typing import Any
from uuid import UUID

from mercato_orders import services
from mercato_orders.schemas import OrderSchema


def export_customer(customer_id: UUID) -> dict[str, Any]:
    """Return all orders of a customer, as the API shows them."""
    schema = OrderSchema(many=True)  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    return {"orders": schema.dump(services.orders_of(customer_id))}
