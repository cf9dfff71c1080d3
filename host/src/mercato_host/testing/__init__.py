"""Tests of a feature against the real host: the pytest plugin, and the suite every feature inherits."""
