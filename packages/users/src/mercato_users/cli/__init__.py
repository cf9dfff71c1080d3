"""Commands for operators: ``mercato users …``. Importing the modules adds them to the group."""

from mercato_users.cli import accounts, imports, keys, roles, service_accounts, sessions
from mercato_users.cli.group import commands

__all__ = ["accounts", "commands", "imports", "keys", "roles", "service_accounts", "sessions"]
