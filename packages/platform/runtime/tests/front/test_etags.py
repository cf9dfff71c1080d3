"""Edits through a real nginx that compresses responses, and so weakens their ETags."""

import http.client
import os
import shutil
import socket
import subprocess
import threading
import time

import pytest
from werkzeug.serving import make_server

from mercato_composition.deployment.reader import read_deployment
from mercato_host import create_app
from mercato_kit.errors import StaleVersion
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint, if_match
from mercato_kit.policies import anyone

READY_WITHIN_SECONDS = 20

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    gzip on;
    gzip_types application/json;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    }}
}}
"""

blueprint = Blueprint("sign", __name__, url_prefix="/v1")

sign = {"text": "open from nine to six", "version": 1}


@blueprint.get("/sign", allow=anyone)
@blueprint.response(200)
def read_sign():
    """Read the sign"""
    return sign


@blueprint.patch("/sign", allow=anyone, if_match=True)
@blueprint.response(200)
def change_sign():
    """Make a new version of the sign"""
    if sign["version"] not in if_match():
        raise StaleVersion
    sign["version"] += 1
    return sign


feature = Feature(name="sign", summary="For a test.", blueprints=[blueprint])


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """The port of nginx in front of an app with the sign."""
    folder = tmp_path_factory.mktemp("nginx")
    values = {"environment": "testing", "database": {"url": f"sqlite:///{folder}/shop.db"}}
    server = make_server("127.0.0.1", 0, create_app(read_deployment(values), features=[feature]))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    port, file = free_port(), folder / "nginx.conf"
    file.write_text(NGINX.format(folder=folder, port=port, behind=server.server_port))
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    process = subprocess.Popen([nginx, "-p", folder, "-c", file])
    try:
        wait_until_answered(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()
        server.shutdown()
        thread.join()
        server.server_close()


class TestWeakEtags:
    def test_are_known_and_accepted(self, port):
        """The weak ETag of a compressed response gives 304 and an edit, until the edit is made."""
        read = send(port, "GET")
        etag = read.headers["ETag"]
        unchanged = send(port, "GET", {"If-None-Match": etag})
        changed = send(port, "PATCH", {"If-Match": etag})
        stale = send(port, "PATCH", {"If-Match": etag})

        assert (read.headers["Content-Encoding"], etag[:2]) == ("gzip", "W/")
        assert unchanged.status == 304
        assert (changed.status, changed.headers["ETag"] != etag) == (200, True)
        assert stale.status == 412

    def test_stand_in_lists(self, port):
        """A client that has read several versions may send all of their ETags."""
        etags = f'W/"9999", {send(port, "GET").headers["ETag"]}'

        assert send(port, "PATCH", {"If-Match": etags}).status == 200


def send(port, method, headers=None):
    """Send a request as a client that accepts compressed responses; return the response."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        sent = {"Accept-Encoding": "gzip", **(headers or {})}
        connection.request(method, "/v1/sign", headers=sent)
        return connection.getresponse()
    finally:
        connection.close()


def free_port():
    """Return a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_answered(port, process):
    """Wait until nginx passes requests on."""
    give_up_at = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < give_up_at:
        assert process.poll() is None, "nginx has ended"
        try:
            if send(port, "GET").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx does not answer")
