"""Describe parts of a distribution as trees of names."""
