"""Fork during a fetch, and ask for a key in the child: ``python forking.py ADDRESS``.

It forks when a line is typed: by then the issuer has the request.
"""

import os
import sys

from mercato_kit.errors import Unavailable
from mercato_oidc.key_cache import KeyCache
from mercato_oidc.settings import OidcSettings

address = sys.argv[1]
cache = KeyCache(OidcSettings(issuer=address, audience="a", jwks_uri=address, timeout_seconds=20))
try:
    cache.find(("rsa", "RS256"))
except Unavailable:
    input()
    child = os.fork()
    if child == 0:
        found = cache.find(("rsa", "RS256"))
        os._exit(0 if found else 1)
    _, status = os.waitpid(child, 0)
    # The parent's fetch is still running.
    os._exit(os.waitstatus_to_exitcode(status))
sys.exit("the first fetch ended too early")
