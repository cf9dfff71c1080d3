"""The feature users: accounts, logins, roles and permissions."""

# The public interface is HTTP, the tables and the manifest; all other modules are private.
__all__ = ["feature"]
