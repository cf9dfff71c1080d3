"""The nginx of ``host/deployments/nginx.conf`` in front of a server, without TLS."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from mercato_database.runner import upgrade
from mercato_testing.samples import notes

from ..attacks import SILENT_BODY, Crowd, Load, Probe, ask
from ..serving import serving, wait_until

EXAMPLE = Path(__file__).parents[5] / "host/deployments/nginx.conf"

AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    include {folder}/shop.conf;
}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that trusts one proxy."""
    folder = tmp_path_factory.mktemp("behind")
    url = f"sqlite:///{folder}/notes.db"
    upgrade(url, [notes.feature])
    with serving(folder) as start:
        server = start(url, "--workers=2", env={"MERCATO_SERVER__TRUSTED_PROXIES": "1"})
        server.wait_until_ready()
        yield server


@pytest.fixture(scope="module")
def front(server, tmp_path_factory):
    """The port of nginx."""
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    example = EXAMPLE.read_text()
    for shipped, ours in {
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port};",
        "127.0.0.1:5000": f"127.0.0.1:{server.port}",
    }.items():
        assert shipped in example
        example = example.replace(shipped, ours)
    lines = [line for line in example.splitlines() if "ssl_certificate" not in line]
    (folder / "shop.conf").write_text("\n".join(lines))
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    process = subprocess.Popen([nginx, "-p", folder, "-c", folder / "nginx.conf"])
    try:
        wait_until(lambda: listens(port))
        yield port
    finally:
        process.terminate()
        process.wait()


def listens(port):
    """Return whether something answers on *port*."""
    try:
        return ask(port, "/healthz") == 200
    except OSError:
        return False


def send(port, method, path, body=None, headers=()):
    """Send a request, and return the answer with its body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class TestFront:
    def test_passes_requests_on(self, front):
        """Reads and writes reach the app."""
        status, body = send(front, "GET", "/v1/process")
        key = {"Idempotency-Key": "behind-the-front-1"}

        assert (status, "process" in json.loads(body)) == (200, True)
        assert send(front, "POST", "/v1/deeds", headers=key)[0] == 200

    def test_passes_the_address_of_the_client_on(self, front):
        """What a client says of its address, scheme and prefix is not believed."""
        forged = {
            "X-Forwarded-For": "6.6.6.6",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Prefix": "/evil",
            "X_Forwarded_For": "6.6.6.6",
            "Host": "shop.example",
        }

        _, body = send(front, "GET", "/v1/client", headers=forged)

        assert json.loads(body) == {"address": "127.0.0.1", "url": "http://shop.example/v1/client"}

    @pytest.mark.parametrize(
        "path", ["/metrics", "/readyz", "//metrics", "/%6detrics", "/x/../readyz", "/metrics?a=1"]
    )
    def test_keeps_what_is_for_the_operator(self, front, path):
        """Metrics and readiness are not for customers, however the path is written."""
        assert send(front, "GET", path)[0] == 404

    def test_refuses_a_large_body(self, front):
        """A body above 64 KiB is refused before it is read; one of 64 KiB reaches the app."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": "behind-the-front-2"}

        large, _ = send(front, "POST", "/v1/deeds", b" " * (64 * 1024 + 1), headers)
        whole, _ = send(front, "POST", "/v1/deeds", b"{}" + b" " * (64 * 1024 - 2), headers)

        assert (large, whole) == (413, 200)

    @pytest.mark.parametrize(("mount", "status"), [("", 200), ("/shop", 413)])
    def test_passes_larger_webhooks_on(self, front, mount, status):
        """The app decides about an event of 256 KiB; nginx refuses a larger one."""
        path = f"{mount}/v1/webhooks/payments/x"

        passed, of_app = send(front, "POST", path, b" " * (256 * 1024))
        refused, of_nginx = send(front, "POST", path, b" " * (256 * 1024 + 1))

        assert (passed, b"nginx" in of_app) == (status, False)
        assert (refused, b"nginx" in of_nginx) == (413, True)

    def test_keeps_slow_bodies_to_itself(self, front):
        """200 silent bodies of one address are closed in time, more of them refused at once."""
        with Probe(front, "/healthz") as probe, Crowd(front, SILENT_BODY, 230) as crowd:
            wait_until(lambda: not crowd.left)
            wait_until(lambda: 200 in {ask(front, "/healthz")})

        assert crowd.statuses["HTTP/1.1 429 Too Many Requests"] >= 30
        assert max(crowd.seconds) < 12
        assert set(probe.failures) <= {429}

    def test_loses_no_get_in_a_reload(self, front, server):
        """HUP under load, every 50 GETs on new and on kept connections: none fails."""
        with Load(front) as load:
            for least in range(50, 300, 50):
                before = set(server.workers)
                server.process.send_signal(signal.SIGHUP)
                wait_until(lambda before=before: not before & set(server.workers))
                wait_until(lambda least=least: min(load.sent["fresh"], load.sent["reused"]) > least)

        assert load.failures == []
