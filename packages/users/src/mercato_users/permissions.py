"""Permissions of users."""

READ = "users.read"
WRITE = "users.write"

PERMISSIONS = {
    READ: "See every account.",
    WRITE: "Suspend and reactivate accounts.",
}
