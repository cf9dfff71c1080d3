"""Carts of guests and customers."""

# The public interface is HTTP, the tables and the manifest; all other modules are private.
__all__ = ["feature"]
