"""The feature products: what is sold, for how much, and how many of it there are."""

# A feature shows HTTP, tables and its manifest; no other module is for anybody else.
__all__ = ["feature"]
