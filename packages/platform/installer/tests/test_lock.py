"""Production loads what the lock has, and each feature from the package it is bound to."""

import json
import subprocess
from contextlib import contextmanager

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.features.plan import compose
from mercato_testing.samples import wheels

from .shops import FEATURE, Shop

SECRET = {"MERCATO_SECRET_KEY": "a key of forty characters, for this test"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory, libraries):
    """A production deployment that was installed from its lock."""
    shop = Shop(tmp_path_factory.mktemp("installed") / "shop", libraries)
    shop.choose("alpha", environment="production")
    with libraries.restored():
        shop.offer()
        shop.mercato("lock")
        process = shop.start("install", **SECRET)
        out, err = process.communicate()
    assert process.returncode == 0, out + err
    return shop


@pytest.fixture
def site(installed):
    """The folder of its packages; what a test adds is removed afterwards."""
    (folder,) = installed.places.current.glob("lib/python*/site-packages")
    before = set(folder.iterdir())
    yield folder
    for path in set(folder.iterdir()) - before:
        if path.is_dir():
            for file in path.iterdir():
                file.unlink()
            path.rmdir()
        else:
            path.unlink()


@contextmanager
def changed(path, text):
    """Replace the text of a file within a block."""
    before = path.read_text() if path.exists() else None
    path.write_text(text)
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)


def check(shop):
    """Run `mercato check` in its environment, and return the faults of composition."""
    checked = shop.installed("check", "--offline", "--json", **SECRET)
    return [
        fault
        | {"what": "\n".join(fault["what"])}
        | {"fix": "\n".join(fix["text"] for fix in fault["fixes"])}
        for fault in json.loads(checked.stdout)["faults"]
        if fault["code"] < "K2"
    ]


def newer_lock(shop):
    """Return its lock with another version of the feature."""
    text = shop.places.lock.read_text().replace("mercato_alpha-1.0-", "mercato_alpha-1.1-")
    return text.replace(
        'name = "mercato-alpha"\nversion = "1.0"', 'name = "mercato-alpha"\nversion = "1.1"'
    )


class TestProduction:
    def test_fits_its_lock(self, installed):
        """An installation from the lock has no faults."""
        assert check(installed) == []

    @pytest.mark.provokes("K114")
    def test_is_compared_with_its_lock(self, installed):
        """K114 lists other versions, missing packages and additional packages."""
        newer = (
            newer_lock(installed).replace('"flask"', '"flasche"').replace("/flask-", "/flasche-")
        )
        with changed(installed.places.lock, newer):
            differing, more = check(installed)

        assert (differing["code"], differing["severity"]) == ("K114", "error")
        assert "\n+ flasche " in differing["what"]
        assert differing["what"].endswith("\nmercato-alpha 1.0 -> 1.1")
        assert differing["fix"].endswith(" install")
        assert (more["severity"], "flask" in more["what"]) == ("warning", True)

    def test_never_starts_otherwise(self, installed):
        """A server whose packages differ from the lock exits with 2."""
        with changed(installed.places.lock, newer_lock(installed)):
            started = subprocess.run(
                [installed.places.current / "bin" / "python", "-I", "-m", "mercato_host.app"],
                env={"MERCATO_DEPLOYMENT": str(installed.file), **SECRET},
                capture_output=True,
                text=True,
                check=False,
            )

        assert (started.returncode, "error[K114] pylock.toml" in started.stderr) == (2, True)

    @pytest.mark.provokes("K114")
    def test_names_what_the_lock_knows(self, installed):
        """K114: the deployment file names a feature that is not in the lock."""
        with changed(installed.file, f"{installed.file.read_text()}[features.beta]\n"):
            codes = {fault["code"]: fault["what"] for fault in check(installed)}

        assert "\n+ mercato-beta" in codes["K114"]

    @pytest.mark.provokes("K114")
    @pytest.mark.parametrize("text", ["", "not toml", 'lock-version = "1.0"\npackages = []\n'])
    def test_reads_its_lock(self, installed, text):
        """K114: a lock that cannot be read is an error."""
        with changed(installed.places.lock, text):
            codes = [(fault["code"], fault["severity"]) for fault in check(installed)]

        assert codes == [("K114", "error")]

    def test_without_a_lock_is_warned(self, installed):
        """A production without a lock starts, with a warning."""
        aside = installed.places.lock.rename(installed.folder / "aside")
        try:
            codes = [(fault["code"], fault["severity"]) for fault in check(installed)]
        finally:
            aside.rename(installed.places.lock)

        assert codes == [("K114", "warning")]

    @pytest.mark.provokes("K104")
    def test_loads_the_bound_distribution(self, installed, site):
        """Another distribution that offers a bound feature is reported, and not loaded."""
        trace = installed.folder / "claimed"
        source = f"open({str(trace)!r}, 'w').close()\n{FEATURE.format(name='alpha')}"
        wheels.install(site, "alpha", source, distribution="evil-alpha", module="aaa_evil")

        faults = check(installed)

        assert [(it["code"], it["what"].splitlines()[1]) for it in faults] == [
            ("K114", "- evil-alpha 1.0")
        ]
        assert not trace.exists()

    @pytest.mark.provokes("K104")
    def test_refuses_a_hijacked_entry_point(self, installed, site):
        """K104: the bound distribution offers the feature in another package."""
        trace = installed.folder / "hijacked"
        source = f"open({str(trace)!r}, 'w').close()\n{FEATURE.format(name='alpha')}"
        (site / "hijack.py").write_text(source)
        points = site / "mercato_alpha-1.0.dist-info" / "entry_points.txt"
        with changed(points, "[mercato.features]\nalpha = hijack:feature\n"):
            (fault,) = check(installed)

        assert fault["code"] == "K104"
        assert "the lock names the package mercato_alpha of mercato-alpha" in fault["what"]
        assert "mercato-alpha 1.0, hijack:feature, at " in fault["what"]
        assert not trace.exists()

    @pytest.mark.provokes("K115")
    def test_runs_wheels(self, installed, site):
        """K115: a feature in a folder of sources is refused unless the file allows it."""
        origin = site / "mercato_alpha-1.0.dist-info" / "direct_url.json"
        editable = {"url": "file:///srv/alpha", "dir_info": {"editable": True}}
        allowed = installed.file.read_text().replace(
            "[features.alpha]\n", "[features.alpha]\neditable = true\n"
        )
        with changed(origin, json.dumps(editable)):
            (refused,) = check(installed)
            with changed(installed.file, allowed):
                allowed_faults = check(installed)

        assert (refused["code"], "it runs from the folder /srv/alpha" in refused["what"]) == (
            "K115",
            True,
        )
        assert "    editable = true" in refused["fix"].splitlines()
        assert allowed_faults == []


class TestDevelopment:
    @pytest.fixture
    def claimed_twice(self, tmp_path, monkeypatch):
        """Two installed distributions that offer the same feature."""
        monkeypatch.syspath_prepend(tmp_path)
        for name in ("mercato-gamma", "evil-gamma"):
            source = FEATURE.format(name="gamma")
            wheels.install(tmp_path, "gamma", source, distribution=name)

    @pytest.mark.provokes("K104")
    def test_one_must_be_chosen(self, claimed_twice):
        """K104 names both, and the line that chooses one."""
        deployment = read_deployment({"environment": "testing", "features": {"gamma": {}}})

        (fault,) = compose(deployment).faults

        assert fault.code == "K104"
        assert "mercato-gamma 1.0 at " in fault.what
        assert "evil-gamma 1.0 at " in fault.what
        assert 'package = "mercato-gamma"' in fault.fix

    def test_the_file_chooses(self, claimed_twice):
        """`package` chooses the distribution."""
        chosen = {"gamma": {"package": "mercato-gamma >= 1"}}
        deployment = read_deployment({"environment": "testing", "features": chosen})

        planned = compose(deployment)

        assert planned.faults == ()
        assert [it.distribution for it in planned.features] == ["mercato-gamma"]
