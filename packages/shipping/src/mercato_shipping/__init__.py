"""The feature shipping: methods of sending a purchase, and their prices."""

# The public interface is HTTP, the tables and the manifest; all other modules are private.
__all__ = ["feature"]
