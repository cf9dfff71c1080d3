"""Locks may name only wheels, with their hashes, at safe URLs."""

import tomllib

import pytest
import tomli_w


class TestLocks:
    @pytest.mark.provokes("K114")
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('url = "http://127', 'path = "/srv/'),
            ("\nsha256 = ", "\nmd5 = "),
            ('sha256 = "', 'sha256 = "../'),
            ("sys_platform == ", "sys_platform != "),
            ('lock-version = "1.0"', 'lock-version = "9.0"'),
            ("[tool.mercato]", "[tool.another]"),
            ('name = "flask"', 'name = "Flask Evil"'),
        ],
    )
    def test_name_wheels_with_hashes(self, shop, mercato, store, old, new):
        """A lock with other sources, without SHA-256, or for another machine is refused."""
        shop.offer()
        mercato("lock")
        text = shop.places.lock.read_text()
        assert old in text
        shop.places.lock.write_text(text.replace(old, new))

        refused = mercato("install")

        assert (refused.exit_code, "error[K114] pylock.toml" in refused.stderr) == (2, True)
        assert "Traceback" not in refused.output
        assert not list(store.glob("*/pyvenv.cfg"))

    @pytest.mark.provokes("K114")
    @pytest.mark.parametrize(
        "source",
        [
            {"archive": {"path": "/srv/x.zip", "hashes": {"sha256": "0" * 64}}},
            {"vcs": {"type": "git", "url": "x", "commit-id": "0"}},
            {"directory": {"path": "/srv/x"}},
        ],
        ids=lambda source: next(iter(source)),
    )
    def test_name_nothing_but_wheels(self, shop, mercato, store, source):
        """A lock that names an archive, a repository or a folder is refused."""
        shop.offer()
        mercato("lock")
        document = tomllib.loads(shop.places.lock.read_text())
        for package in document["packages"]:
            del package["wheels"]
            package.update(source)
        shop.places.lock.write_text(tomli_w.dumps(document))

        refused = mercato("install")

        assert (refused.exit_code, "error[K114] pylock.toml" in refused.stderr) == (2, True)
        assert not list(store.glob("*/pyvenv.cfg"))

    @pytest.mark.provokes("K119")
    @pytest.mark.parametrize(
        "url", ["http://evil.example/packages/", "file:///srv/", "ftp://127.0.0.1/"]
    )
    def test_download_from_safe_urls(self, shop, mercato, store, url):
        """A wheel is downloaded by https, or from this machine."""
        shop.offer()
        mercato("lock")
        text = shop.places.lock.read_text()
        shop.places.lock.write_text(
            text.replace(f"{shop.index.root}packages/mercato_alpha", f"{url}mercato_alpha")
        )
        for fetched in store.glob("wheels/*/mercato_alpha-*.whl"):
            fetched.unlink()

        refused = mercato("install")

        assert (refused.exit_code, "error[K119] mercato-alpha 1.0" in refused.stderr) == (2, True)
