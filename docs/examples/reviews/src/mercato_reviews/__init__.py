"""Reviews: what customers say about what is sold."""

# A feature shows HTTP, tables and its manifest; no other module is for anybody else.
__all__ = ["feature"]
