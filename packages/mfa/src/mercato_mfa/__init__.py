"""The feature mfa: second factors of accounts."""

# The public interface is HTTP, the tables and the manifest; all other modules are private.
__all__ = ["feature"]
