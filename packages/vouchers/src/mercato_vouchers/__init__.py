"""Vouchers: codes and automatic discounts, with limits."""

# The public interface is HTTP, the tables and the manifest; all other modules are private.
__all__ = ["feature"]
