"""Describe what a distribution shows to others, as trees of names."""
