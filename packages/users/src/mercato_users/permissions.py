"""Permissions of users."""

READ = "users.read"
WRITE = "users.write"
ERASE = "users.erase"
ROLES_WRITE = "roles.write"
API_KEYS_WRITE = "api_keys.write"
AUDIT_READ = "audit.read"

PERMISSIONS = {
    READ: "See every account and its audit trail.",
    WRITE: "Suspend and reactivate accounts, end their sessions, and give them roles.",
    ERASE: "Export and erase the data of people, on their request.",
    ROLES_WRITE: "See, make, change and delete roles.",
    API_KEYS_WRITE: "See, make, change and revoke the API keys of other accounts.",
    AUDIT_READ: "See the audit trail of all accounts and roles.",
}
