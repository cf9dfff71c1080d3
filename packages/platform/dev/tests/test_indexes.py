"""Sessions read the releases of a distribution from an index."""

import functools
import gzip
import http.server
import threading

import pytest

from mercato_dev.index import serve_index
from mercato_dev.wheel_writer import write_wheel

from .orchard import copy_settings, run_session

SESSIONS = '''

@nox.session
def ask(session: nox.Session) -> None:
    """Write the releases of apples to a file, and download the first."""
    from mercato_dev import indexes

    url, folder = session.posargs
    found = indexes.releases(session, url, "mercato-apples")
    lines = [f"{one.version} {one.yanked} {one.files[0].requires_python}" for one in found]
    Path(folder, "found.txt").write_text("\\n".join(lines))
    if found:
        indexes.fetch(session, url, "mercato-apples", found[0].files[0], Path(folder))


@nox.session
def chosen(session: nox.Session) -> None:
    """Print the chosen index, and its releases of apples."""
    from mercato_dev import indexes

    with indexes.chosen_index(session) as index:
        session.log(f"index: {index.url} {indexes.releases(session, index.url, 'mercato-apples')}")
'''
PAGE = """<!DOCTYPE html>
<a href="mercato_apples-2.0-py3-none-any.whl" data-requires-python="&gt;=3.99">
mercato_apples-2.0-py3-none-any.whl</a>
<a href="mercato_apples-1.0-py3-none-any.whl#sha256={sha256}" data-yanked="rotten">
mercato_apples-1.0-py3-none-any.whl</a>
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Return a workspace with sessions that read an index."""
    root = tmp_path_factory.mktemp("asking")
    copy_settings(root)
    with (root / "noxfile.py").open("a") as sessions:
        sessions.write(SESSIONS)
    return root


class Static(http.server.SimpleHTTPRequestHandler):
    """Serves files; below /gzip/ and /identity/, each page is the file of that name."""

    def do_GET(self):
        """Send a file."""
        encoding, slash, page = self.path[1:].partition("/")
        if encoding in ("gzip", "identity"):
            self.path = f"{slash}{page}{encoding}.html"
        super().do_GET()

    def end_headers(self):
        """Name the encoding of a page."""
        if self.path.endswith("gzip.html"):
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()


@pytest.fixture
def static(tmp_path):
    """Serve static files; return their folder and URL."""
    folder = tmp_path / "static"
    folder.mkdir()
    handler = functools.partial(Static, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def ask(root, url, folder):
    """Run the session; return the lines that it found, and its output."""
    done = run_session(root, "ask", "--", url, str(folder))
    found = folder / "found.txt"
    said = done.stdout + done.stderr
    return (found.read_text().splitlines() if found.exists() else None), said


def add_wheel(folder, version):
    """Write a wheel of apples."""
    return write_wheel(folder, "mercato-apples", version, {"mercato_apples.py": ""})


class TestReleases:
    def test_are_found_newest_first_and_can_be_taken(self, workspace, tmp_path):
        """Versions are sorted as versions; a downloaded file has the announced hash."""
        offered, taken = tmp_path / "offered", tmp_path / "taken"
        offered.mkdir()
        taken.mkdir()
        for version in ("0.9", "0.10", "0.2"):
            add_wheel(offered, version)

        with serve_index(offered) as index:
            found, said = ask(workspace, index.url, taken)

        assert found == [f"{version} False None" for version in ("0.10", "0.9", "0.2")], said
        (wheel,) = taken.glob("*.whl")
        assert wheel.read_bytes() == (offered / wheel.name).read_bytes()

    def test_are_none_of_a_distribution_that_nobody_published(self, workspace, tmp_path):
        """An index that does not know a distribution has no releases of it."""
        offered = tmp_path / "offered"
        offered.mkdir()

        with serve_index(offered) as index:
            found, said = ask(workspace, index.url, tmp_path)

        assert found == [], said

    def test_tell_what_was_yanked_and_for_which_python(self, workspace, static, tmp_path):
        """Yanked files and required Pythons are reported."""
        folder, root = static
        (folder / "simple/mercato-apples").mkdir(parents=True)
        page = folder / "simple/mercato-apples/index.html"
        page.write_text(PAGE.format(sha256="0" * 64))

        found, _ = ask(workspace, f"{root}simple/", tmp_path)

        assert found == ["2.0 False >=3.99", "1.0 True None"]

    def test_refuses_a_file_that_is_not_what_was_announced(self, workspace, static, tmp_path):
        """A file with another hash is refused."""
        folder, root = static
        (folder / "simple/mercato-apples").mkdir(parents=True)
        page = folder / "simple/mercato-apples/index.html"
        page.write_text(PAGE.format(sha256="0" * 64).split("</a>", 1)[1])
        add_wheel(page.parent, "1.0")

        _, said = ask(workspace, f"{root}simple/", tmp_path)

        assert "does not have the hash in the index" in said
        assert not list(tmp_path.glob("*.whl"))

    @pytest.mark.parametrize("encoding", ["identity", "gzip"])
    def test_cuts_a_page_of_200_mib(self, workspace, static, tmp_path, encoding):
        """A page is read up to 32 MiB, also when it is compressed."""
        folder, root = static
        (folder / "simple/mercato-apples").mkdir(parents=True)
        page = folder / f"simple/mercato-apples/{encoding}.html"
        with (gzip.open if encoding == "gzip" else open)(page, "wb") as file:
            for _ in range(200):
                file.write(b" " * (1 << 20))

        found, said = ask(workspace, f"{root}{encoding}/simple/", tmp_path)

        assert found is None
        assert "The index cannot be asked for mercato-apples: its answer is too large" in said

    @pytest.mark.parametrize(
        ("address", "said"),
        [
            ("http://127.0.0.1:9/simple/", "no connection"),
            ("{root}slip/", "it answers 404"),
            ("http://ada:hunter2@{host}slip/", "it answers 404"),
        ],
    )
    def test_fail_where_the_index_cannot_be_asked(self, workspace, static, tmp_path, address, said):
        """A failing index fails the session, and the output has no password."""
        _, root = static
        url = address.format(root=root, host=root.removeprefix("http://"))

        found, told = ask(workspace, url, tmp_path)

        assert found is None
        assert f"The index cannot be asked for mercato-apples: {said}" in told
        assert "hunter2" not in told.replace(" ".join(("ask", "--", url)), "")


class TestChosenIndex:
    def test_is_that_of_the_workspace(self, workspace, monkeypatch):
        """Without MERCATO_INDEX, the index of the workspace is read."""
        monkeypatch.delenv("MERCATO_INDEX", raising=False)
        local = workspace / "var/index"
        local.mkdir(parents=True)
        add_wheel(local, "1.0")

        done = run_session(workspace, "chosen")

        assert "index: http://127.0.0.1:" in done.stderr
        assert "mercato_apples-1.0-py3-none-any.whl" in done.stderr

    def test_is_the_one_that_is_named(self, workspace, tmp_path, monkeypatch):
        """The index in MERCATO_INDEX is read."""
        add_wheel(tmp_path, "7.0")
        with serve_index(tmp_path) as index:
            monkeypatch.setenv("MERCATO_INDEX", index.url)

            done = run_session(workspace, "chosen")

        assert f"index: {index.url} " in done.stderr
        assert "mercato_apples-7.0-py3-none-any.whl" in done.stderr
