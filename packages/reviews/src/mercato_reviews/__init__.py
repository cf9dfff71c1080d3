"""Reviews: ratings and texts of buyers, shown with products."""

# The public interface is HTTP, the tables and the manifest; all other modules are private.
__all__ = ["feature"]
