"""The feature products: a catalogue with variants, prices, stock and reservations."""

# The public interface is HTTP, the tables and the manifest; all other modules are private.
__all__ = ["feature"]
