"""Names of the permissions of products and stock, and what each allows."""

WRITE = "products.write"
READ_STOCK = "stock.read"
WRITE_STOCK = "stock.write"

PERMISSIONS = {
    WRITE: "Make, change and archive products, variants, prices and categories, "
    "and see those that are not for sale",
    READ_STOCK: "See stock levels, the ledger and reservations",
    WRITE_STOCK: "Count and receive stock",
}
