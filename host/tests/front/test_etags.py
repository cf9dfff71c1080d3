"""Edits through a real nginx that compresses responses, and so weakens their ETags."""

import subprocess

import httpx2
import pytest

from ..together.shop import free_port, running_shop, wait_until_ready

PASSWORD = "a quiet morning at the market"

NGINX = """\
daemon off;
error_log stderr;
pid {folder}/nginx.pid;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    gzip_types application/json;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass {address}; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop with one account."""
    folder = tmp_path_factory.mktemp("shop")
    deployment = folder / "deployment.toml"
    url = f"sqlite:///{folder}/shop.db"
    text = f'environment = "testing"\n[database]\nurl = "{url}"\n[features.users]\n'
    deployment.write_text(text)
    with running_shop(deployment, {}, worker=False) as running:
        running.run("users", "create", "ada@example.com", typed=f"{PASSWORD}\n")
        yield running


@pytest.fixture(scope="module")
def client(shop, tmp_path_factory):
    """A client of the shop behind nginx, signed in."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    file = folder / "nginx.conf"
    file.write_text(NGINX.format(folder=folder, port=port, address=shop.address))
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(file)])
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", [process])
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as http:
            body = {"email": "ada@example.com", "password": PASSWORD}
            token = http.post("/v1/auth/login", json=body).json()["access_token"]
            http.headers["Authorization"] = f"Bearer {token}"
            yield http
    finally:
        process.terminate()
        process.wait(timeout=30)


class TestWeakEtags:
    def test_edit_what_was_read(self, client):
        """The weak ETag of a compressed response is accepted once, and gives 304 while it holds."""
        read = client.get("/v1/users/me")
        etag = read.headers["ETag"]
        unchanged = client.get("/v1/users/me", headers={"If-None-Match": etag})
        changed = edit(client, "Ada", etag)
        stale = edit(client, "Bea", etag)

        assert (read.headers["Content-Encoding"], etag[:2]) == ("gzip", "W/")
        assert unchanged.status_code == 304
        assert (changed.status_code, changed.json()["given_name"]) == (200, "Ada")
        assert changed.headers["ETag"] not in (etag, None)
        assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")

    def test_stand_in_lists(self, client):
        """A client that has read several versions may send all of their ETags."""
        etags = [client.get("/v1/users/me").headers["ETag"], 'W/"9999"']

        changed = edit(client, "Cleo", ", ".join(etags))

        assert (changed.status_code, changed.json()["given_name"]) == (200, "Cleo")


def edit(client, name, etag):
    """Change the name of the account, if it has the version of *etag*."""
    return client.patch("/v1/users/me", json={"given_name": name}, headers={"If-Match": etag})
