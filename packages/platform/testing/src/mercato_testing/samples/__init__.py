"""A sample feature, and made-up distributions, for tests of hosts."""
