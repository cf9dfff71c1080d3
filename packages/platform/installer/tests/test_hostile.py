"""Hostile wheels, indexes and configuration are refused before any of their code runs."""

import io
import json
import stat
import tarfile
import tomllib
import zipfile

import pytest
import tomli_w

from mercato_composition.deployment import lock as lockfile
from mercato_composition.deployment.lock import Binding
from mercato_dev.index import serve_index
from mercato_dev.wheel_writer import write_wheel
from mercato_installer.download import fetch
from mercato_installer.tools import Uv

ALPHA = {"mercato.features": {"alpha": "mercato_alpha:feature"}}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The folder of downloaded wheels, shared by the tests of this module."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def shop(small_shop):
    """The small index is enough: no test here runs the host."""
    return small_shop


@pytest.fixture
def mercato(shop, store):
    """Run a command that uses the shared folder of wheels."""
    return lambda *arguments: shop.mercato(*arguments, f"--into={store}")


def quiet(_line):
    """Ignore a line of progress."""


RUN = "<hostile code>"

FEATURES = {
    "pth": (
        {"alpha.pth": f"import os; {RUN}"},
        "it contains alpha.pth, which Python reads at every start",
    ),
    "data": (
        {"mercato_alpha-1.0.data/scripts/mercato": f"#!python\n{RUN}"},
        "it contains mercato_alpha-1.0.data/, files that are installed outside packages",
    ),
    "another package": (
        {"stripe/__init__.py": RUN},
        "it contains stripe/__init__.py, outside its own package (mercato_alpha)",
    ),
    "a loose module": (
        {"conftest.py": RUN},
        "it contains conftest.py, outside its own package (mercato_alpha)",
    ),
}
"""Files that the wheel of a feature must not contain, and the reason in the fault."""

LIBRARIES = {
    "pth": (
        {"helper.pth": f"import os; {RUN}"},
        "it contains helper.pth, which Python reads at every start",
    ),
    "sitecustomize": (
        {"sitecustomize.py": RUN},
        "it contains sitecustomize.py, which Python runs at every start",
    ),
    "usercustomize": (
        {"usercustomize/__init__.py": RUN},
        "it contains usercustomize, which Python runs at every start",
    ),
    "data": (
        {"helper-1.0.data/purelib/flask/__init__.py": RUN},
        "it contains helper-1.0.data/, files that are installed outside packages",
    ),
    "loose files": ({".env": RUN}, "it contains .env, outside any package"),
    "a file of another": ({"flask/app.py": RUN}, "it would overwrite flask/app.py of flask"),
    "in capitals": ({"Flask/App.py": RUN}, "it would overwrite Flask/App.py of flask"),
    "into the kit": (
        {"mercato_kit/more.py": RUN},
        "it puts files into mercato_kit, the package of mercato-kit",
    ),
}
"""Files that no wheel may contain, and the reason in the fault."""

OFFERS = {
    "a command of the host": ("console_scripts", "mercato", "a command that is not allowed"),
    "a command of Python": ("gui_scripts", "python3", "that is not allowed: 'python3'"),
    "a path as a command": ("console_scripts", "../../owned", "a command that is not allowed"),
    "another's command": ("console_scripts", "flask", "it installs the command 'flask', as flask"),
    "a bound feature": (
        "mercato.features",
        "alpha",
        "it offers the feature 'alpha'; the lock binds it to mercato-alpha",
    ),
    "an unnamed feature": (
        "mercato.features",
        "pay",
        "it offers 'pay', a feature that this deployment does not name",
    ),
}
"""Entry points that a library must not have, and the reason in the fault."""

SPOILT = {
    "up": ("../../../owned.py", 0o644, "it has an unsafe path: '../../../owned.py'"),
    "absolute": ("/owned.py", 0o644, "it has an unsafe path: '/owned.py'"),
    "link": ("mercato_alpha/x", stat.S_IFLNK | 0o777, "it has a link or a device: mercato_alpha/x"),
    "unrecorded": (
        "mercato_alpha/more.py",
        0o644,
        "mercato_alpha/more.py is not mentioned in RECORD",
    ),
    "twice": ("mercato_alpha/__INIT__.py", 0o644, "has a file twice: mercato_alpha/__INIT__.py"),
}
"""Entries that are added to a wheel without its RECORD: path, mode, and the reason."""


def cases(table):
    """Return the rows of a table as parameters with their keys as ids."""
    return [pytest.param(*row, id=key) for key, row in table.items()]


def offer_library(shop, files, entry_points=None):
    """Put a feature that needs the library `helper`, and the library, into the index."""
    files = {path: text.replace(RUN, shop.hostile) for path, text in files.items()}
    shop.offer(requires=["mercato-kit", "helper"])
    files.setdefault("helper/__init__.py", shop.hostile)
    write_wheel(shop.index.folder, "helper", "1.0", files, entry_points=entry_points)


def write_lock(shop):
    """Write a lock of what the index has, without the checks of `mercato lock`."""
    text = lockfile.compose(
        Uv().resolve(shop.requirements.lines, shop.requirements.index),
        requirements=shop.requirements.lines,
        bindings={"alpha": Binding("mercato-alpha", "mercato_alpha")},
    )
    shop.places.lock.write_bytes(text)


class TestHostileWheels:
    """`mercato lock` refuses each with a reason; no lock is written, and no code runs."""

    @pytest.fixture
    def is_refused(self, shop, mercato):
        """Run `mercato lock`, and expect a refusal with a reason."""

        def check(reason):
            refused = mercato("lock")

            assert (refused.exit_code, "error[K119]" in refused.stderr) == (2, True), refused.output
            assert reason in refused.stderr
            assert not shop.places.lock.exists()
            assert not shop.trace.exists()

        return check

    @pytest.mark.provokes("K119")
    @pytest.mark.parametrize(("files", "reason"), cases(FEATURES))
    def test_features_have_one_package(self, shop, is_refused, files, reason):
        """The files of a feature must be in its package."""
        shop.offer(files={path: text.replace(RUN, shop.hostile) for path, text in files.items()})

        is_refused(reason)

    @pytest.mark.parametrize(("files", "reason"), cases(LIBRARIES))
    def test_libraries_have_their_own_packages(self, shop, is_refused, files, reason):
        """A library must not have files that run at start, or that belong to another wheel."""
        offer_library(shop, files)

        is_refused(reason)

    @pytest.mark.parametrize(("group", "name", "reason"), cases(OFFERS))
    def test_libraries_are_not_features(self, shop, is_refused, group, name, reason):
        """A library must not offer features, or commands that others have."""
        offer_library(shop, {}, {group: {name: "helper:main"}})

        is_refused(reason)

    def test_features_install_no_commands(self, shop, is_refused):
        """A feature must not install a command."""
        shop.offer(entry_points={**ALPHA, "console_scripts": {"alpha": "mercato_alpha:main"}})

        is_refused("it installs a command that is not allowed: 'alpha'")

    @pytest.mark.parametrize(
        ("name", "files"),
        [
            ("uv", {"uv-1.0.data/scripts/uv": "", "uv-1.0.data/scripts/flask": RUN}),
            ("uv", {"uv-1.0.data/scripts/x/uv": RUN}),
            ("uv", {"uv-2.0.data/scripts/uv": RUN}),
            ("uv", {"uv-1.0.data/data/bin/uv": RUN}),
            ("helper", {"helper-1.0.data/scripts/uv": RUN}),
            ("squawk-cli", {"squawk_cli-1.0.data/scripts/uv": RUN}),
        ],
    )
    def test_programs_are_named_one_by_one(self, shop, is_refused, name, files):
        """Only the wheels of uv and squawk may install programs, and only their own."""
        files = {path: text.replace(RUN, shop.hostile) for path, text in files.items()}
        shop.offer(requires=["mercato-kit", name])
        write_wheel(shop.index.folder, name, "1.0", files)

        is_refused(f"files that are installed outside packages: {max(files, key=len)}")

    def test_a_command_must_not_replace_a_program(self, shop, is_refused):
        """A command of a library with the name of an allowed program is refused."""
        offer_library(shop, {}, {"console_scripts": {"squawk": "helper:main"}})
        shop.offer(requires=["mercato-kit", "helper", "squawk-cli"])
        files = {"squawk_cli-1.0.data/scripts/squawk": ""}
        write_wheel(shop.index.folder, "squawk-cli", "1.0", files)

        is_refused("it installs the command 'squawk', as helper 1.0 does")

    @pytest.mark.parametrize(("path", "mode", "reason"), cases(SPOILT))
    def test_archives_have_safe_entries(self, shop, is_refused, path, mode, reason):
        """Paths must be safe, entries must be files or folders, and RECORD must list them."""
        entry = zipfile.ZipInfo(path)
        entry.external_attr = mode << 16
        with zipfile.ZipFile(shop.offer(), "a") as archive:
            archive.writestr(entry, shop.hostile)

        is_refused(reason)

    @pytest.mark.provokes("K119")
    @pytest.mark.parametrize(
        ("files", "reason"), cases({key: LIBRARIES[key] for key in ("pth", "a file of another")})
    )
    def test_are_not_unpacked_either(self, shop, mercato, store, files, reason):
        """`mercato install` refuses them too, if a lock names them with their hashes."""
        offer_library(shop, files)
        write_lock(shop)

        refused = mercato("install")

        assert (refused.exit_code, reason in refused.stderr) == (2, True), refused.output
        assert not list(store.glob("*/pyvenv.cfg"))
        assert not shop.trace.exists()

    def test_the_lock_binds_features(self, shop, mercato, store):
        """A wheel that offers a feature bound to another distribution is not unpacked."""
        offer_library(shop, {}, {"mercato.features": {"alpha": "helper:feature"}})
        write_lock(shop)

        refused = mercato("install")

        assert "it offers the feature 'alpha'; the lock binds it to mercato" in refused.stderr
        assert not list(store.glob("*/pyvenv.cfg"))
        assert not shop.trace.exists()


class TestPrograms:
    def test_that_mercato_runs_are_allowed(self, shop, mercato):
        """The wheels of uv and squawk, with exactly their programs, can be locked."""
        shop.offer(requires=["mercato-kit", "uv", "squawk-cli"])
        programs = {f"uv-1.0.data/scripts/{name}": "" for name in ("uv", "uvx")}
        write_wheel(shop.index.folder, "uv", "1.0", {"uv/__init__.py": "", **programs})
        squawk = {"squawk_cli-1.0.data/scripts/squawk": ""}
        write_wheel(shop.index.folder, "squawk-cli", "1.0", squawk)

        locked = mercato("lock")

        added = {line.strip() for line in locked.stdout.splitlines()}
        assert locked.exit_code == 0, locked.output
        assert {"+ uv 1.0", "+ squawk-cli 1.0"} <= added


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
        assert as_an_option.exit_code == 2
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
        files = fetch(locked, store / "wheels", index=None, on_progress=quiet)

        assert {it.name: it for it in files}[fetched.name].read_bytes() == right


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
