"""The feature users: accounts, logins, roles and permissions."""
