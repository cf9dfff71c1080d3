"""Faulty responses of an issuer; each function makes an issuer of the factories respond so."""

import gzip
import json
import time

from .factories import RSA, jwk_of, key_set

GOOD = key_set(jwk_of(RSA, "rsa"))

HUGE = 200 * 1024 * 1024


def body(data, content_type="application/json", status=200, **headers):
    """Respond with a body."""
    return lambda issuer: issuer.answer_with(data, content_type, status, **headers)


def writing(write):
    """Respond by writing to the connection."""

    def arrange(issuer):
        issuer.write = lambda handler: write(issuer, handler)

    return arrange


def silent(issuer, handler):
    """Send nothing, and keep the connection open."""
    issuer.released.wait()


def late(issuer, handler):
    """Send the key set after 3 seconds."""
    issuer.released.wait(3)
    issuer.answer_with(GOOD)
    issuer.write(handler)


def trickle(start):
    """Send *start*, then single bytes: each read is quick, but the response never ends."""

    def write(issuer, handler):
        handler.wfile.write(start)
        while not issuer.released.wait(0.05):
            handler.wfile.write(b"a")

    return write


def endless(issuer, handler):
    """Send 200 MiB, as fast as the client reads."""
    head(handler, "Content-Length: " + str(HUGE))
    for _ in range(HUGE // 65536):
        handler.wfile.write(b" " * 65536)
        issuer.sent += 65536


def endless_head(issuer, handler):
    """Send header lines without end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not issuer.released.is_set():
        handler.wfile.write(b"X-More: " + b"a" * 1000 + b"\r\n")


def truncated(issuer, handler):
    """Announce a longer body than is sent."""
    head(handler, f"Content-Length: {len(GOOD) + 1}")
    handler.wfile.write(GOOD)


def cut_off(issuer, handler):
    """Close the connection at once."""
    handler.close_connection = True


def not_http(issuer, handler):
    """Speak another protocol."""
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")


def head(handler, *lines):
    """Return the head of a response with JSON."""
    text = "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: application/json", *lines, "", ""])
    handler.wfile.write(text.encode())


WRONG = {
    "black hole": writing(silent),
    "3 seconds": writing(late),
    "a trickle of a status line": writing(trickle(b"HTTP/1.1 200 ")),
    "a trickle of a head": writing(trickle(b"HTTP/1.1 200 OK\r\nX-More: ")),
    "a trickle of a body": writing(
        trickle(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    ),
    "200 MiB": writing(endless),
    "an endless head": writing(endless_head),
    "truncated": writing(truncated),
    "cut off": writing(cut_off),
    "not HTTP": writing(not_http),
    "HTML": body(b"<html>Sign in, please</html>", "text/html"),
    "HTML called JSON": body(b"<html>Sign in, please</html>"),
    "another content type": body(GOOD, "text/html; charset=utf-8"),
    "no content type": body(GOOD, ""),
    "nested too deep": body(b'{"keys": ' + b"[" * 200_000),
    "nested too deep elsewhere": body(b'{"a": ' + b'{"a":' * 40_000),
    "not UTF-8": body(b'{"keys": ["\xff\xfe"]}'),
    "UTF-16": body(GOOD.decode().encode("utf-16")),
    "nothing": body(b""),
    "a list": body(json.dumps([jwk_of(RSA, "rsa")]).encode()),
    "no keys": body(b"{}"),
    "keys by name": body(json.dumps({"keys": {"rsa": jwk_of(RSA, "rsa")}}).encode()),
    "compressed": body(gzip.compress(GOOD), Content_Encoding="gzip"),
    "500": body(GOOD, status=500),
    "404": body(GOOD, status=404),
    "202": body(GOOD, status=202),
    "a redirect": lambda issuer: issuer.answer_with(
        GOOD, status=302, Location=f"{issuer.address}/elsewhere"
    ),
}


def took(function):
    """Return the result of *function*, and how many seconds it took."""
    started_at = time.monotonic()
    return function(), time.monotonic() - started_at
