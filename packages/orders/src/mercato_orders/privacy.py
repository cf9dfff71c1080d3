"""What orders hands out about a person on request."""

from typing import Any
from uuid import UUID

from mercato_orders import services
from mercato_orders.schemas import OrderSchema


def export_customer(customer_id: UUID) -> dict[str, Any]:
    """Return all orders of a customer, as the API shows them."""
    return {"orders": OrderSchema(many=True).dump(services.orders_of(customer_id))}
