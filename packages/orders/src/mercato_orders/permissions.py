"""Names of the permissions of orders, and what each allows."""

READ = "orders.read"
WRITE = "orders.write"

PERMISSIONS = {
    READ: "See all orders, their payments and their timelines",
    WRITE: "Cancel orders, and say that they are paid",
}
