"""JSON schemas of products."""
