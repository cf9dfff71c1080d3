"""For feature teams: a pytest plugin with the real host, and a suite every feature inherits."""
