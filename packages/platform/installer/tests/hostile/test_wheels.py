"""Hostile wheels are refused before any of their code runs."""

import stat
import zipfile

import pytest

from mercato_composition.deployment import lock as lockfile
from mercato_composition.deployment.lock import Binding
from mercato_dev.wheel_writer import write_wheel
from mercato_installer.tools import Uv

ALPHA = {"mercato.features": {"alpha": "mercato_alpha:feature"}}
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
    "compiled code": (
        {"mercato_alpha/__pycache__/__init__.cpython-311.pyc": RUN},
        "it contains mercato_alpha/__pycache__/__init__.cpython-311.pyc, compiled code",
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
    "compiled code": ({"helper/more.PYC": RUN}, "it contains helper/more.PYC, compiled code"),
    "a cache": (
        {"helper/__pycache__/x.txt": RUN},
        "it contains helper/__pycache__/x.txt, compiled",
    ),
    "a module beside a package": (
        {"flask.py": RUN},
        "it contains flask.py, the same module as flask/__init__.py of flask 3.1",
    ),
    "a package over a module": (
        {"flask/app/__init__.py": RUN},
        "it contains flask/app/__init__.py, the same module as flask/app.py of flask 3.1",
    ),
    "a library over a module": (
        {"flask/app.cpython-311-x86_64-linux-gnu.so": RUN},
        "the same module as flask/app.py of flask 3.1",
    ),
    "files in place of a module": (
        {"flask/app/more.py": RUN},
        "it puts files into flask/app, the package of flask 3.1",
    ),
    "a name of ours": (
        {"mercato_pay/__init__.py": RUN},
        "it contains mercato_pay, a name that belongs to mercato-pay",
    ),
    "a module of ours": (
        {"Mercato.py": RUN},
        "it contains Mercato.py, a name that belongs to mercato",
    ),
    "into the kit": (
        {"mercato_kit/more.py": RUN},
        "it puts files into mercato_kit, the package of mercato-kit",
    ),
}
"""Files that no wheel may contain, and the reason in the fault."""

OFFERS = {
    "a command of the host": ("console_scripts", "mercato", "a command that is not allowed"),
    "a command of Python": ("gui_scripts", "python3", "that is not allowed: 'python3'"),
    "a command of the system": ("console_scripts", "ls", "the command 'ls', which would hide /"),
    "the shell": ("gui_scripts", "SH", "it installs the command 'SH', which would hide /"),
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

    def test_archives_unpack_to_bounded_bytes(self, shop, is_refused):
        """A small wheel that unpacks to a large one is refused before it is read."""
        entry = zipfile.ZipInfo("mercato_alpha/zeros")
        entry.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(shop.offer(), "a") as archive:
            archive.writestr(entry, bytes(4 << 20))

        is_refused("it unpacks to more than 100 times its size")

    def test_archives_state_bounded_bytes(self, shop, is_refused):
        """What the directory of an archive states is added up before anything is read."""
        with zipfile.ZipFile(shop.offer(), "a") as archive:
            archive.writestr("mercato_alpha/zeros", "")
            archive.infolist()[-1].file_size = 2 << 30

        is_refused("it unpacks to more than 1024 MiB")

    def test_archives_have_a_bounded_number_of_entries(self, shop, is_refused):
        """The entries of an archive are counted before its directory is read."""
        with zipfile.ZipFile(shop.offer(), "a") as archive:
            archive.writestr("mercato_alpha/x", "")
            archive.filelist += [archive.filelist[-1]] * 50_000

        is_refused("it has more than 50000 entries")

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


class TestCommands:
    def test_that_the_system_has_too_are_allowed(self, tmp_path, monkeypatch, shop, mercato):
        """A command of a library may be installed for the system as well, as Debian does."""
        command = tmp_path / "helper"
        command.write_text("#!/usr/bin/python3\nfrom helper.cli import main\nmain()\n")
        command.chmod(0o755)
        monkeypatch.setattr("os.defpath", str(tmp_path))
        offer_library(shop, {}, {"console_scripts": {"helper": "helper.cli:main"}})

        assert mercato("lock").exit_code == 0


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
