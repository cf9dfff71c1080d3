"""An external OIDC issuer for tests: a key set over HTTP, and tokens signed with its key."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

AUDIENCE = "mercato"

STAFF = (
    *("products.read", "products.write", "stock.read", "stock.write"),
    *("orders.read", "orders.write", "orders.refund", "orders.fulfill"),
)


@dataclass(frozen=True)
class Issuer:
    """An issuer of signed tokens.

    Args:
        address: Its URL, the ``iss`` of its tokens.
    """

    address: str
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    @property
    def table(self) -> str:
        """The tables of a deployment file that accepts its tokens."""
        return (
            "[features.oidc]\n[features.oidc.settings]\n"
            f'issuer = "{self.address}"\naudience = "{AUDIENCE}"\n'
            f'jwks_uri = "{self.address}/keys"\ntimeout_seconds = 10\n'
        )

    def key_set(self) -> dict[str, Any]:
        """Return its public key as a JWK set (RFC 7517)."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**key, "kid": "1", "use": "sig", "alg": "RS256"}]}

    def token(self, sub: str, **claims: Any) -> str:
        """Return a token for *sub* that is valid for a minute, with *claims* added or changed."""
        now = int(time.time())
        plain = {"iss": self.address, "aud": AUDIENCE, "sub": sub, "iat": now, "exp": now + 60}
        return jwt.encode({**plain, **claims}, self.key, "RS256", headers={"kid": "1"})

    def staff(self) -> dict[str, str]:
        """Return the headers of an employee who may do everything with products and orders."""
        token = self.token(str(uuid4()), permissions=STAFF, exp=int(time.time()) + 3600)
        return {"Authorization": f"Bearer {token}"}


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Serve an issuer's key set on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(issuer.key_set()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
