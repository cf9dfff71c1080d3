"""Shops that share a real Redis: rate limits over processes, and a Redis that is away."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import httpx2
import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mercato_host import create_app
from mercato_runtime.answers import Kept
from mercato_runtime.answers.shelves import RedisShelf

from .conftest import LIMIT
from .servers import PASSWORD, running_redis, wait_for

CLIENTS = 8


def ask(shops, requests):
    """Request a page of all shops with many clients, and count statuses; None is no answer."""
    with httpx2.Client(timeout=60) as client, ThreadPoolExecutor(CLIENTS) as threads:

        def one(number):
            try:
                return client.get(f"{shops[number % len(shops)].address}/openapi.json").status_code
            except httpx2.TransportError:
                return None

        return Counter(threads.map(one, range(requests)))


def check(shop):
    """Return the exit code of `mercato check`, and its faults by code."""
    done = subprocess.run(
        shop.command("check", "--json"),
        env=dict(shop.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, [fault["code"] for fault in json.loads(done.stdout)["faults"]]


class TestLimits:
    def test_are_counted_over_processes(self, server, url, open_shops):
        """Two shops of two processes each answer as many requests as one would."""
        shops = open_shops(url, number=2)

        assert ask(shops, 3 * LIMIT) == {200: LIMIT, 429: 2 * LIMIT}
        assert check(shops[0]) == (0, [])

    def test_over_tls(self, tmp_path, port, open_shops):
        """A URL of rediss:// with the authority's certificate works as well."""
        certificate, private_key = make_certificate(tmp_path)
        options = ["--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no"]
        options += ["--tls-cert-file", str(certificate), "--tls-key-file", str(private_key)]
        options += ["--tls-ca-cert-file", str(certificate), "--requirepass", PASSWORD]
        url = f"rediss://:{PASSWORD}@127.0.0.1:{port}/0?ssl_ca_certs={certificate}"
        with running_redis(tmp_path, port, *options):
            wait_for(url)
            [shop] = open_shops(url)

            assert ask([shop], 2 * LIMIT) == {200: LIMIT, 429: LIMIT}
            assert check(shop) == (0, [])


class TestRedisAway:
    def test_killed(self, server, url, tmp_path, port, open_shops):
        """Every request is answered while Redis dies and returns; then it counts again."""
        [shop] = open_shops(url, limit=100_000)
        with ThreadPoolExecutor(1) as others:
            answers = others.submit(ask, [shop], 600)
            server.kill()
            server.wait()

            assert answers.result(timeout=120) == {200: 600}
        assert httpx2.get(f"{shop.address}/readyz").status_code == 200
        assert check(shop) == (0, ["K503"])
        with running_redis(tmp_path, port):
            wait_for(url)
            with redis.Redis.from_url(url) as client:
                give_up_at = time.monotonic() + 60
                while not client.dbsize():
                    assert time.monotonic() < give_up_at, "Redis is not used again"
                    assert ask([shop], 1) == {200: 1}

    def test_hanging(self, server, url, open_shops):
        """A Redis that takes requests and answers none holds no request for long."""
        [shop] = open_shops(url, limit=100_000)
        ask([shop], CLIENTS)
        os.kill(server.pid, signal.SIGSTOP)
        started = time.monotonic()

        answers = ask([shop], 4 * CLIENTS)

        assert answers == {200: 4 * CLIENTS}
        assert time.monotonic() - started < 10
        assert check(shop) == (0, ["K503"])

    def test_of_another_password(self, server, url, open_shops):
        """Each process counts for itself; `mercato check` warns, and does not show the password."""
        [shop] = open_shops(url.replace(PASSWORD, "another-one"))

        answers = ask([shop], 5 * LIMIT)

        # Besides, a request of each thread may fail to be counted while its process falls back.
        assert LIMIT <= answers[200] <= 2 * (LIMIT + 8)
        assert set(answers) == {200, 429}
        assert check(shop) == (0, ["K503"])


def make_certificate(folder):
    """Write a certificate for 127.0.0.1 that is its own authority, and its key."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "redis")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    authority = x509.BasicConstraints(ca=True, path_length=None)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(authority, critical=True)
        .sign(private_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files = folder / "redis.crt", folder / "redis.key"
    files[0].write_bytes(certificate.public_bytes(pem))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(private_key.private_bytes(pem, *form))
    return files


@pytest.fixture
def open_shelf(tmp_path, url):
    """A function that opens the place where another process keeps its answers in Redis."""
    values = {"environment": "testing", "database": {"url": f"sqlite:///{tmp_path}/shop.db"}}
    return lambda **others: RedisShelf(create_app(values | others), url)


class TestAnswers:
    def test_are_shared_by_processes(self, server, open_shelf):
        """What one process keeps, the other has, with its headers and body."""
        kept = Kept(time.time(), [("Content-Type", "application/json")], b"[]")
        open_shelf().keep("/v1/products", kept, 30)

        assert open_shelf().get("/v1/products") == kept
        assert open_shelf().get("/v1/categories") is None

    def test_are_of_one_deployment(self, server, open_shelf):
        """A deployment with another key never gives the answers of this one, whatever the host."""
        open_shelf().keep("/v1/products", Kept(time.time(), [], b"[]"), 30)

        assert open_shelf(secret_key="another-deployment-" * 3).get("/v1/products") is None

    def test_are_forgotten_without_redis(self, server, open_shelf):
        """When Redis dies, nothing is kept, and nothing fails."""
        shelf = open_shelf()
        shelf.keep("/v1/products", Kept(time.time(), [], b"[]"), 30)

        server.kill()
        server.wait()

        assert shelf.get("/v1/products") is None
