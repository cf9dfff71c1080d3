"""The feature users: accounts, logins, roles and permissions."""

# A feature shows HTTP, tables and its manifest; no other module is for anybody else.
__all__ = ["feature"]
