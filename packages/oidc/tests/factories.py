"""Make keys, tokens, and an issuer: an HTTP server whose responses a test chooses."""

import base64
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

AUDIENCE = "mercato"

PATIENCE_SECONDS = 20
"""How long a test waits for what must happen."""


def make_rsa(bits=2048):
    """Make an RSA key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


RSA = make_rsa()
OTHER_RSA = make_rsa()
SMALL_RSA = make_rsa(1024)
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
P521 = ec.generate_private_key(ec.SECP521R1())
K256 = ec.generate_private_key(ec.SECP256K1())
ED25519 = ed25519.Ed25519PrivateKey.generate()


def jwk_of(private_key, kid, **members):
    """Return the public JWK of a key; a member that is None is left out."""
    kinds = {
        rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm,
        ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm,
        ed25519.Ed25519PrivateKey: jwt.algorithms.OKPAlgorithm,
    }
    [kind] = [kinds[base] for base in kinds if isinstance(private_key, base)]
    jwk = json.loads(kind.to_jwk(private_key.public_key()))
    # PyJWT sets key_ops; here only the test sets it.
    jwk.pop("key_ops", None)
    jwk = {**jwk, "kid": kid, "use": "sig", **members}
    return {name: value for name, value in jwk.items() if value is not None}


def key_set(*jwks):
    """Return the body of a JWK set."""
    return json.dumps({"keys": list(jwks)}).encode()


class Issuer:
    """An issuer on loopback that counts its requests.

    Args:
        address: Its URL, the ``iss`` of its tokens.
    """

    def __init__(self, address):
        self.address = address
        self.jwks_uri = f"{address}/keys"
        self.asked = 0
        self._lock = threading.Lock()
        # Set when a test ends, so that hanging responses end.
        self.released = threading.Event()
        self.answer_with(key_set(jwk_of(RSA, "rsa")))

    def answer_with(self, body, content_type="application/json", status=200, **headers):
        """Respond with *body* from now on."""

        def write(handler):
            handler.send_response(status)
            handler.send_header("Content-Type", content_type)
            handler.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(body)

        self.write = write

    def handle(self, handler):
        """Respond to a request as the test chose."""
        with self._lock:
            self.asked += 1
        try:
            self.write(handler)
        except OSError:
            # The client closed the connection.
            handler.close_connection = True

    def settings(self, **changes):
        """Return settings that trust this issuer."""
        return {
            "issuer": self.address,
            "audience": AUDIENCE,
            "jwks_uri": self.jwks_uri,
            "timeout_seconds": 0.5,
            **changes,
        }

    def claims(self, **changes):
        """Return claims that are valid for a minute; a claim that is None is left out."""
        now = int(time.time())
        claims = {"iss": self.address, "aud": AUDIENCE, "sub": "alice", "iat": now, "exp": now + 60}
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def token(self, *, key=RSA, kid="rsa", algorithm="RS256", headers=None, **claims):
        """Return a signed token with *claims* changed or added."""
        headers = {"kid": kid, **(headers or {})}
        return jwt.encode(self.claims(**claims), key, algorithm, headers=headers)


@contextmanager
def running_issuer():
    """Serve an issuer's key set on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            issuer.handle(self)

        def log_message(self, *_):
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield issuer
    finally:
        issuer.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def until(holds):
    """Wait until a condition is true."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.005)


def unsigned(header, claims):
    """Return a token without a signature."""
    parts = [base64url(json.dumps(part).encode()) for part in (header, claims)]
    return f"{'.'.join(parts)}."


def base64url(data):
    """Encode like the parts of a token."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def call(client, token, path="/me"):
    """Send a request with a bearer token."""
    return client.get(path, headers={"Authorization": f"Bearer {token}"})
