"""The parts of locking and installing, each by itself."""

import base64
import contextlib
import http.server
import threading
import zipfile

import pytest

from mercato_composition.deployment import lock as lockfile, packages as requirements
from mercato_composition.deployment.lock import Locked
from mercato_composition.deployment.places import Places
from mercato_composition.deployment.tables import is_safe_url
from mercato_composition.faults import DeploymentError
from mercato_dev.wheel_writer import write_wheel
from mercato_installer import download as fetching, install as installing, tools
from mercato_installer.installation import Installation
from mercato_installer.wheel import UnreadableWheelError, read_wheel
from mercato_kit.progress import Progress


class TestCompose:
    def test_has_a_line_for_each_wheel(self):
        """Each wheel has its own line, so a diff shows which one changed."""
        urls = [f"https://packages.example/x-1.0-{tag}.whl" for tag in ("a", "b")]
        wheels = [{"url": url, "size": 7, "hashes": {"sha256": "0" * 64}} for url in urls]
        packages = [{"name": "x", "version": "1.0", "wheels": wheels}]

        text = lockfile.compose(packages, requirements=("x",), bindings={}).decode()

        assert [f'url = "{url}"' in text.splitlines() for url in urls] == [True, True]
        assert text.splitlines().count("size = 7") == 2


class TestPlaces:
    @pytest.mark.parametrize(
        ("file", "lock", "current"),
        [
            ("deployment.toml", "pylock.toml", "environments/current"),
            ("staging.toml", "pylock.staging.toml", "environments/current.staging"),
            ("a.b.toml", "pylock.a-b.toml", "environments/current.a-b"),
        ],
    )
    def test_are_beside_the_file(self, tmp_path, file, lock, current):
        """Each deployment file of a folder has its own lock, named as PEP 751 requires."""
        places = Places.of(tmp_path / file)

        assert places.lock == tmp_path / lock
        assert places.current == tmp_path / current


class TestRequirements:
    def test_have_what_the_host_needs(self, tmp_path):
        """The host and the kit are required, and redis if the file has [redis]."""
        file = tmp_path / "deployment.toml"
        file.write_text(
            '[features.alpha]\npackage = "acme-alpha>=2"\n[redis]\nurl = "redis://127.0.0.1"\n'
        )

        found = requirements.read(file, {})

        assert found.lines == ("acme-alpha>=2", "mercato-host", "mercato-kit", "redis")

    def test_index_from_the_environment(self, tmp_path):
        """A variable can set the index, so that its password is not in the file."""
        file = tmp_path / "deployment.toml"
        file.write_text('[index]\nurl = "https://packages.example/simple/"\n')
        url = "https://me:secret@packages.example/simple/"

        assert requirements.read(file, {"MERCATO_INDEX__URL": url}).index == url


class TestIsSafeUrl:
    @pytest.mark.parametrize(
        "url",
        [
            "https://packages.example/simple/",
            "http://127.0.0.1:8080/",
            "http://localhost/",
            "http://[::1]/",
        ],
    )
    def test_https_or_this_machine(self, url):
        """An https URL and a URL of this machine are safe."""
        assert is_safe_url(url)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "http://10.0.0.1/",
            "http://127.0.0.1.example/",
            "ftp://127.0.0.1/",
            "//x/",
            "https://[x/",
        ],
    )
    def test_anything_else(self, url):
        """Any other URL is not."""
        assert not is_safe_url(url)


class TestTools:
    def test_come_from_this_environment(self, tmp_path, monkeypatch):
        """A program called uv on PATH is never run."""
        trap = tmp_path / "uv"
        trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        trap.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

        with pytest.raises(tools.ToolFailedError):
            tools.Uv().resolve(["mercato-nothing"], "http://127.0.0.1:1/simple/")

        assert not (tmp_path / "ran").exists()

    def test_run_with_clean_variables(self, monkeypatch):
        """Variables that configure installers or Python are not passed on; others are."""
        hostile = ["PIP_INDEX_URL", "UV_INDEX", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV"]
        for name in hostile:
            monkeypatch.setenv(name, "x")
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")

        passed = tools.clean_environment()

        assert not set(hostile) & passed.keys()
        assert passed["HTTPS_PROXY"] == "http://127.0.0.1:3128"

    def test_show_no_password(self, servers):
        """The error of an index that refuses access has no password in its URL."""
        index = f"http://me:geheim@127.0.0.1:{servers[0].server_port}/closed/simple/"

        with pytest.raises(tools.ToolFailedError) as failed:
            tools.Uv().resolve(["mercato-nothing"], index)

        assert servers[0].asked
        assert "geheim" not in str(failed.value)


class TestLookInto:
    @pytest.fixture
    def wheel(self, tmp_path):
        """A valid wheel."""
        return write_wheel(tmp_path, "Some.Thing", "1.0", {"some_thing/x.py": "1\n"})

    def test_reads_metadata_and_files(self, wheel):
        """A valid wheel has name, version, files and no defects."""
        found = read_wheel(wheel)

        assert (found.name, found.version, found.defects) == ("some-thing", "1.0", ())
        assert found.tops == {"some_thing": {"some_thing/x.py"}}

    @pytest.mark.parametrize(
        "name", ["some_thing-1.1-py3-none-any.whl", "other-1.0-py3-none-any.whl", "x.whl"]
    )
    def test_under_another_name(self, wheel, name):
        """A wheel whose file name has another name or version is unreadable."""
        with pytest.raises(UnreadableWheelError):
            read_wheel(wheel.rename(wheel.parent / name))

    def test_with_the_metadata_of_another(self, wheel):
        """A wheel with a second metadata folder is unreadable."""
        with zipfile.ZipFile(wheel, "a") as archive:
            archive.writestr("flask-99.0.dist-info/METADATA", "Name: flask\n")

        with pytest.raises(UnreadableWheelError, match="must have one metadata folder"):
            read_wheel(wheel)

    @pytest.mark.parametrize("content", [b"", b"PK", b"not a zip file"])
    def test_not_an_archive(self, wheel, content):
        """A file that is not a ZIP archive is unreadable."""
        wheel.write_bytes(content)

        with pytest.raises(UnreadableWheelError):
            read_wheel(wheel)

    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            (b"x.py,sha256=", b"x.py,sha256=0", "hash / size of some_thing/x.py didn't match"),
            (b"x.py,sha256=", b"x.py,md5=", "its RECORD has no SHA-256 of some_thing/x.py"),
            (b"x.py,sha256=", b"x.py,shake_128=", "its RECORD has no SHA-256 of some_thing/x.py"),
            (b"some_thing/x.py", b"some_thing/y.py", "some_thing/x.py is not mentioned in RECORD"),
            (b"some_thing/x.py", b"some_thing/y.py", "lists a missing file: some_thing/y.py"),
            (b",2\n", b",3\n", "hash / size of some_thing/x.py didn't match RECORD"),
            (b",2\n", b"\n", "its RECORD cannot be read"),
            (b",2\n", b",\n", "hash / size of some_thing/x.py is not included in RECORD"),
            (b",2\n", b",two\n", "entry in RECORD file for some_thing/x.py is invalid"),
        ],
    )
    def test_with_a_wrong_record(self, tmp_path, wheel, old, new, reason):
        """RECORD must list exactly the files, with SHA-256 and size."""
        record = "some_thing-1.0.dist-info/RECORD"
        other = tmp_path / "other" / wheel.name
        other.parent.mkdir()
        with zipfile.ZipFile(wheel) as archive, zipfile.ZipFile(other, "w") as changed:
            for name in archive.namelist():
                content = archive.read(name)
                changed.writestr(name, content.replace(old, new) if name == record else content)

        found = read_wheel(other)

        assert any(reason in defect for defect in found.defects), found.defects

    def test_with_metadata_in_an_odd_folder(self, tmp_path):
        """A metadata folder with another spelling of the version is a defect."""
        wheel = write_wheel(tmp_path, "x", "1.0.post1", {"x.py": ""})
        other = tmp_path / "other" / wheel.name
        other.parent.mkdir()
        with zipfile.ZipFile(wheel) as archive, zipfile.ZipFile(other, "w") as changed:
            for name in archive.namelist():
                changed.writestr(name.replace("1.0.post1", "1.0-1"), archive.read(name))

        found = read_wheel(other)

        assert any("doesn't match wheel filename" in defect for defect in found.defects)

    def test_without_a_record(self, tmp_path):
        """A wheel without RECORD has a defect."""
        wheel = write_wheel(tmp_path, "x", "1.0", {"x.py": ""})
        bare = tmp_path / "bare" / wheel.name
        bare.parent.mkdir()
        with zipfile.ZipFile(wheel) as archive, zipfile.ZipFile(bare, "w") as changed:
            changed.writestr("x-1.0.dist-info/METADATA", archive.read("x-1.0.dist-info/METADATA"))

        found = read_wheel(bare)

        assert found.defects[0].startswith("its RECORD cannot be read")


class Recorder(http.server.BaseHTTPRequestHandler):
    """Answer every request, and record its path and credentials."""

    def do_GET(self):
        """Answer, or redirect to the address in the path."""
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", f"http://{self.path.removeprefix('/to/')}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path.startswith("/endless"):
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                while self.server.sent < 200 << 20:
                    self.wfile.write(bytes(1 << 20))
                    self.server.sent += 1 << 20
            return
        self.send_response({"/none": 404, "/x": 200, "/y": 200}.get(self.path, 401))
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"wheel")

    def log_message(self, *_arguments):
        """Log nothing."""


@pytest.fixture
def servers():
    """Two HTTP servers on the loopback address."""
    running = []
    for _ in range(2):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
        server.asked = []
        server.sent = 0
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((server, thread))
    yield [server for server, _ in running]
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


SHA = "2a4eeb5e3d9bf9e4ea5d1ba4f1a1f4b6c4bd6d2ea0f8b1a1c5df8a8b0f3a3b7e"


def fetch(url, store, index=None, size=None):
    """Download one wheel."""
    wheel = Locked("x", "1.0", "x-1.0-py3-none-any.whl", url, SHA, size)
    return fetching.fetch([wheel], store, index=index, progress=Progress("none"))


class TestFetch:
    def test_sends_the_password_to_the_index_only(self, servers, tmp_path):
        """The password in the index's URL goes to no other host, also after a redirect."""
        own, other = [f"127.0.0.1:{server.server_port}" for server in servers]
        index = f"http://me:a%40b@{own}/simple/"
        for url in (f"http://{own}/x", f"http://{other}/x", f"http://{own}/to/{other}/y"):
            with pytest.raises(DeploymentError):
                fetch(url, tmp_path, index)

        secret = "Basic " + base64.b64encode(b"me:a@b").decode()
        assert servers[0].asked == [("/x", secret), (f"/to/{other}/y", secret)]
        assert servers[1].asked == [("/x", None), ("/y", None)]

    @pytest.mark.provokes("K119")
    @pytest.mark.parametrize(
        ("path", "reason"),
        [("x", "its hash differs from the lock"), ("none", "the index answered 404")],
    )
    def test_says_why_it_failed(self, servers, tmp_path, path, reason):
        """After other bytes or an error of the index, no file is kept."""
        with pytest.raises(DeploymentError, match=reason):
            fetch(f"http://127.0.0.1:{servers[0].server_port}/{path}", tmp_path)

        assert not [it for it in tmp_path.rglob("*") if it.is_file()]

    @pytest.mark.provokes("K119")
    @pytest.mark.parametrize(("size", "limit"), [(4, 4), (None, 100 << 20)])
    def test_reads_no_more_than_the_lock_says(self, servers, tmp_path, size, limit):
        """A body above the locked size is cut while it is read, and not kept; default 100 MiB."""
        with pytest.raises(DeploymentError, match=f"it has more than {limit} bytes"):
            fetch(f"http://127.0.0.1:{servers[0].server_port}/endless", tmp_path, size=size)

        assert servers[0].sent < limit + (64 << 20)
        assert not [it for it in tmp_path.rglob("*") if it.is_file()]

    def test_of_an_index_that_is_down(self, tmp_path):
        """K119 says that the index does not answer."""
        with pytest.raises(DeploymentError, match="the index does not answer"):
            fetch("http://127.0.0.1:1/x", tmp_path)


class TestUnpacked:
    @pytest.mark.provokes("K119")
    def test_is_what_was_checked(self, shop):
        """An unpacked file that differs from the checked wheels stops the install."""
        shop.offer()
        shop.mercato("lock")

        class Careless(tools.Uv):
            """An installer that unpacks other files than the wheels contain."""

            def unpack(self, python, requirements):
                super().unpack(python, requirements)
                (site,) = python.parent.parent.glob("lib/python*/site-packages")
                (site / "sitecustomize.py").write_text(shop.hostile)
                (site / "flask" / "app.py").write_text(shop.hostile)
                (site / "jinja2" / "utils.py").unlink()
                python.with_name("uv").write_text("#!/bin/sh\n")

        with pytest.raises(DeploymentError) as refused:
            installing.install(
                Installation(
                    requirements=shop.requirements,
                    places=shop.places,
                    index=shop.requirements.index,
                    wait_seconds=1,
                    progress=Progress("none"),
                    uv=Careless(),
                )
            )

        (fault,) = refused.value.faults
        named = fault.what.splitlines()[1:]
        (program,) = [line for line in named if line.endswith(".data/scripts/uv")]
        changed = {"flask/app.py", "sitecustomize.py", "jinja2/utils.py (missing)", program}
        assert set(named) == changed
        assert not shop.places.current.exists()
        assert not shop.trace.exists()

    def test_a_lock_has_no_password(self, shop):
        """The password of the index is not written into the lock."""
        shop.choose("alpha", index=shop.index.url.replace("http://", "http://me:geheim@"))
        shop.offer()

        locked = shop.mercato("lock")

        assert locked.exit_code == 0, locked.output
        assert "geheim" not in shop.places.lock.read_text() + locked.output
