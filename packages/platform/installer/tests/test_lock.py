"""What production starts is what the lock says; each feature is the package it is bound to."""

import json
import subprocess
from contextlib import contextmanager

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.features.plan import compose
from mercato_testing.samples import wheels

from .shops import FEATURE
from .shops import Shop

SECRET = {"MERCATO_SECRET_KEY": "a key of forty characters, for this test"}


@pytest.fixture(scope="module")
def standing(tmp_path_factory, libraries):
    """A production that was installed from its lock."""
    shop = Shop(tmp_path_factory.mktemp("standing") / "shop", libraries)
    shop.choose("alpha", environment="production")
    with libraries.restored():
        shop.offer()
        shop.mercato("lock")
        installed = shop.start("install", **SECRET)
        out, err = installed.communicate()
    assert installed.returncode == 0, out + err
    return shop


@pytest.fixture
def site(standing):
    """Where its packages are; what a test adds to it is taken away."""
    (folder,) = standing.places.current.glob("lib/python*/site-packages")
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
    """Have another text in a file for a while."""
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
    """Check it from inside of its environment, and return what is said about composition."""
    checked = shop.installed("check", "--offline", "--json", **SECRET)
    return [fault for fault in json.loads(checked.stdout)["faults"] if fault["code"] < "K2"]


def newer_lock(shop):
    """Return its lock with another version of the feature."""
    text = shop.places.lock.read_text().replace("mercato_alpha-1.0-", "mercato_alpha-1.1-")
    return text.replace(
        'name = "mercato-alpha"\nversion = "1.0"', 'name = "mercato-alpha"\nversion = "1.1"'
    )


class TestProduction:
    def test_fits_its_lock(self, standing):
        """What was installed from the lock is what the lock says."""
        assert check(standing) == []

    @pytest.mark.provokes("K114")
    def test_is_compared_with_its_lock(self, standing):
        """K114 lists what is another version, what is missing, and what is too much."""
        newer = newer_lock(standing).replace('"flask"', '"flasche"').replace("/flask-", "/flasche-")
        with changed(standing.places.lock, newer):
            differing, more = check(standing)

        assert (differing["code"], differing["severity"]) == ("K114", "error")
        assert "\n+ flasche " in differing["what"]
        assert differing["what"].endswith("\nmercato-alpha 1.0 -> 1.1")
        assert "`mercato install`" in differing["fix"]
        assert (more["severity"], "flask" in more["what"]) == ("warning", True)

    def test_never_starts_otherwise(self, standing):
        """The server ends with 2, and starts nothing."""
        with changed(standing.places.lock, newer_lock(standing)):
            started = subprocess.run(
                [standing.places.current / "bin" / "python", "-I", "-m", "mercato_host.app"],
                env={"MERCATO_DEPLOYMENT": str(standing.file), **SECRET},
                capture_output=True,
                text=True,
                check=False,
            )

        assert (started.returncode, "error[K114] pylock.toml" in started.stderr) == (2, True)

    @pytest.mark.provokes("K114")
    def test_names_what_the_lock_knows(self, standing):
        """K114: the file names a feature since that the lock does not know."""
        with changed(standing.file, f"{standing.file.read_text()}[features.beta]\n"):
            codes = {fault["code"]: fault["what"] for fault in check(standing)}

        assert "\n+ mercato-beta" in codes["K114"]

    @pytest.mark.provokes("K114")
    @pytest.mark.parametrize("text", ["", "not toml", 'lock-version = "1.0"\npackages = []\n'])
    def test_reads_its_lock(self, standing, text):
        """K114: a lock that cannot be read is no lock."""
        with changed(standing.places.lock, text):
            codes = [(fault["code"], fault["severity"]) for fault in check(standing)]

        assert codes == [("K114", "error")]

    def test_without_a_lock_is_told(self, standing):
        """A production that nobody locked starts, with a warning."""
        aside = standing.places.lock.rename(standing.folder / "aside")
        try:
            codes = [(fault["code"], fault["severity"]) for fault in check(standing)]
        finally:
            aside.rename(standing.places.lock)

        assert codes == [("K114", "warning")]

    @pytest.mark.provokes("K104")
    def test_knows_who_a_feature_is(self, standing, site):
        """A second distribution that claims a bound name is told of, and not loaded."""
        trace = standing.folder / "claimed"
        source = f"open({str(trace)!r}, 'w').close()\n{FEATURE.format(name='alpha')}"
        wheels.install(site, "alpha", source, distribution="evil-alpha", module="aaa_evil")

        faults = check(standing)

        assert [(it["code"], it["what"].splitlines()[-1]) for it in faults] == [
            ("K114", "- evil-alpha 1.0")
        ]
        assert not trace.exists()

    @pytest.mark.provokes("K104")
    def test_refuses_a_hijacked_entry_point(self, standing, site):
        """K104: the bound distribution says another package, or is gone."""
        trace = standing.folder / "hijacked"
        source = f"open({str(trace)!r}, 'w').close()\n{FEATURE.format(name='alpha')}"
        (site / "hijack.py").write_text(source)
        points = site / "mercato_alpha-1.0.dist-info" / "entry_points.txt"
        with changed(points, "[mercato.features]\nalpha = hijack:feature\n"):
            (fault,) = check(standing)

        assert fault["code"] == "K104"
        assert "the lock names the package mercato_alpha of mercato-alpha" in fault["what"]
        assert "mercato-alpha 1.0, hijack:feature, at " in fault["what"]
        assert not trace.exists()

    @pytest.mark.provokes("K115")
    def test_runs_wheels(self, standing, site):
        """K115: a folder of sources can change under a server; the file may allow it."""
        origin = site / "mercato_alpha-1.0.dist-info" / "direct_url.json"
        editable = {"url": "file:///srv/alpha", "dir_info": {"editable": True}}
        allowed = standing.file.read_text().replace(
            "[features.alpha]\n", "[features.alpha]\neditable = true\n"
        )
        with changed(origin, json.dumps(editable)):
            (refused,) = check(standing)
            with changed(standing.file, allowed):
                allowed_faults = check(standing)

        assert (refused["code"], "it runs from the folder /srv/alpha" in refused["what"]) == (
            "K115",
            True,
        )
        assert "editable = true in [features.alpha]" in refused["fix"]
        assert allowed_faults == []


class TestDevelopment:
    @pytest.fixture
    def claimed_twice(self, tmp_path, monkeypatch):
        """Two installed distributions that claim to be one feature."""
        monkeypatch.syspath_prepend(tmp_path)
        for name in ("mercato-gamma", "evil-gamma"):
            source = FEATURE.format(name="gamma")
            wheels.install(tmp_path, "gamma", source, distribution=name)

    @pytest.mark.provokes("K104")
    def test_one_must_be_chosen(self, claimed_twice):
        """K104 names both, and the line that chooses."""
        deployment = read_deployment({"environment": "testing", "features": {"gamma": {}}})

        (fault,) = compose(deployment).faults

        assert fault.code == "K104"
        assert "mercato-gamma 1.0 at " in fault.what
        assert "evil-gamma 1.0 at " in fault.what
        assert 'package = "mercato-gamma"' in fault.fix

    def test_the_file_chooses(self, claimed_twice):
        """`package` says which distribution the feature is."""
        chosen = {"gamma": {"package": "mercato-gamma >= 1"}}
        deployment = read_deployment({"environment": "testing", "features": chosen})

        planned = compose(deployment)

        assert planned.faults == ()
        assert [it.distribution for it in planned.features] == ["mercato-gamma"]
