"""The feature taxes: rates by country, region and tax code."""

# The public interface is HTTP, the tables and the manifest; all other modules are private.
__all__ = ["feature"]
