"""Permissions of taxes."""

READ = "taxes.read"
WRITE = "taxes.write"

PERMISSIONS = {
    READ: "See tax rates",
    WRITE: "Create, change and delete tax rates",
}
