"""Permissions of shipping."""

READ = "shipping.read"
WRITE = "shipping.write"

PERMISSIONS = {
    READ: "See shipping zones, their methods and prices",
    WRITE: "Create, change and delete shipping zones",
}
