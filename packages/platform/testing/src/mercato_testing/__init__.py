"""A pytest plugin that runs a feature in the real host, and tests that every feature inherits."""
