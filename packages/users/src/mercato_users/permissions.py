"""Names of the permissions of users, and what each allows."""

READ = "users.read"
WRITE = "users.write"

PERMISSIONS = {
    READ: "See every account.",
    WRITE: "Suspend and reactivate accounts.",
}
