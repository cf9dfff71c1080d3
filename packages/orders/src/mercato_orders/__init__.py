"""Orders: what was bought, by whom, for how much."""

# A feature shows HTTP, tables and its manifest; no other module is for anybody else.
__all__ = ["feature"]
