"""Permissions of vouchers."""

READ = "vouchers.read"
WRITE = "vouchers.write"

PERMISSIONS = {
    READ: "See all vouchers, their codes and their redemptions",
    WRITE: "Create, change and archive vouchers",
}
