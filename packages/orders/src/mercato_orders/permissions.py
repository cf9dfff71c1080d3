"""Permissions of orders."""

READ = "orders.read"
WRITE = "orders.write"
REFUND = "orders.refund"
FULFILL = "orders.fulfill"

PERMISSIONS = {
    READ: "See all orders, their payments and their timelines",
    WRITE: "Cancel orders and mark them as paid",
    REFUND: "Give money back",
    FULFILL: "Send orders, and follow their parcels",
}
