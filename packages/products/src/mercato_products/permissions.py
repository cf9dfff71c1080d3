"""Permissions of products and stock."""

WRITE = "products.write"
READ_STOCK = "stock.read"
WRITE_STOCK = "stock.write"

PERMISSIONS = {
    WRITE: "Create, change and archive products, variants, prices and categories, "
    "and see products that are not for sale",
    READ_STOCK: "See stock levels, the ledger and reservations",
    WRITE_STOCK: "Receive and count stock",
}
