"""Other indexes, changed wheels and source distributions are never used."""

import io
import json
import tarfile

import pytest

from mercato_composition.deployment import lock as lockfile
from mercato_dev.index import serve_index
from mercato_dev.wheel_writer import write_wheel
from mercato_installer.download import fetch
from mercato_kit.progress import Progress

ALPHA = {"mercato.features": {"alpha": "mercato_alpha:feature"}}


class TestSourceDistributions:
    def test_are_not_built(self, shop):
        """A package without wheels counts as absent: its setup.py never runs."""
        files = {
            "setup.py": shop.hostile,
            "PKG-INFO": "Metadata-Version: 2.1\nName: mercato-alpha\nVersion: 1.0\n",
        }
        with tarfile.open(shop.index.folder / "mercato_alpha-1.0.tar.gz", "w:gz") as archive:
            for name, text in files.items():
                entry = tarfile.TarInfo(f"mercato_alpha-1.0/{name}")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))

        refused = shop.mercato("lock")

        assert (refused.exit_code, "error[K120]" in refused.stderr) == (2, True)
        assert not shop.trace.exists()


class TestOtherIndexes:
    def test_are_never_used(self, shop, mercato, tmp_path, monkeypatch):
        """Variables and configuration files cannot add an index with a higher version."""
        shop.offer(version="1.0")
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        files = {"mercato_alpha/__init__.py": shop.hostile}
        write_wheel(elsewhere, "mercato-alpha", "99.0", files, entry_points=ALPHA)
        with serve_index(elsewhere) as stranger:
            point_to(stranger.url, elsewhere, tmp_path, monkeypatch)

            locked = mercato("lock")

        assert locked.exit_code == 0, locked.output
        assert lockfile.read(shop.places.lock).versions()["mercato-alpha"] == "1.0"


def point_to(url, folder, home, monkeypatch):
    """Configure another index in every way that uv supports."""
    for variable in (
        "UV_EXTRA_INDEX_URL",
        "UV_INDEX",
        "UV_DEFAULT_INDEX",
        "UV_INDEX_URL",
    ):
        monkeypatch.setenv(variable, url)
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(home / ".config"))
    for file, text in {
        ".config/uv/uv.toml": f'[[index]]\nurl = "{url}"\n',
        "uv.toml": f'[[index]]\nurl = "{url}"\n',
        "pyproject.toml": f'[tool.uv]\nextra-index-url = ["{url}"]\n',
    }.items():
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_text(text)
    monkeypatch.chdir(home)


class TestIndexes:
    @pytest.mark.parametrize(
        "url",
        [
            "--extra-index-url=http://evil.example/",
            "-r /etc/passwd",
            "/srv/wheels",
            "./wheels",
            "file:///srv/wheels",
            "http://evil.example/simple/",
            "http://127.0.0.1.evil.example/simple/",
            "https://",
            "https://evil.example/ --pre",
            "https://evil.example/\nhttps://more.example/",
            "git+https://evil.example/x.git",
            "$(touch /tmp/owned)",
        ],
    )
    def test_are_safe_urls(self, shop, url):
        """An index is an https URL, or a URL of this machine; no option, path or command."""
        shop.file.write_text(f'environment = "testing"\n[index]\nurl = {json.dumps(url)}\n')

        in_the_file = shop.mercato("check", "--offline")
        as_an_option = shop.mercato("lock", f"--index={url}")

        assert "error[K202] deployment.toml:3" in in_the_file.stderr
        assert as_an_option.exit_code == 64
        assert not shop.places.environments.exists()


class TestChangedBytes:
    @pytest.mark.provokes("K119")
    def test_of_the_same_version(self, shop, mercato, store):
        """A wheel that was replaced in the index after it was locked is refused."""
        shop.offer()
        mercato("lock")
        for fetched in store.glob("wheels/*/mercato_alpha-*.whl"):
            fetched.unlink()
        shop.offer(source=shop.hostile)

        refused = mercato("install")

        assert (refused.exit_code, "its hash differs from the lock" in refused.stderr) == (2, True)
        assert not shop.trace.exists()
        assert not list(store.glob("*/pyvenv.cfg"))

    def test_of_a_fetched_wheel(self, shop, mercato, store):
        """A downloaded wheel that was replaced on this machine is downloaded again."""
        shop.offer()
        mercato("lock")
        (fetched,) = store.glob("wheels/*/mercato_alpha-*.whl")
        right = fetched.read_bytes()
        fetched.write_bytes(shop.offer(version="1.0", source=shop.hostile).read_bytes())
        (shop.index.folder / fetched.name).write_bytes(right)

        locked = lockfile.read(shop.places.lock).wheels()
        files = fetch(locked, store / "wheels", index=None, progress=Progress("none"))

        assert {it.name: it for it in files}[fetched.name].read_bytes() == right
