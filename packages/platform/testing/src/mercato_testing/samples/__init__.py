"""A feature with one of everything, and distributions made up for tests of hosts."""
