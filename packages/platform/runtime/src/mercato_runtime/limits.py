"""Limits of the server that `mercato check` compares with those of the system."""

CONNECTIONS = 4096
"""Connections of one worker; more wait in the kernel."""
