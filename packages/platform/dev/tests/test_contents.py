"""Published files contain what they should, and nothing else."""

import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from mercato_dev.artifacts.contents import faults_of_sdist, faults_of_wheel
from mercato_dev.artifacts.metadata import faults_of_metadata
from mercato_dev.changelogs import faults_after_release
from mercato_dev.distributions import Distribution

from .orchard import copy_settings, write_distribution, write_feature

MIGRATION = "mercato_apples/migrations/versions/0001_initial.py"
ROOT = "mercato_apples-0.1.0"
INFO = f"{ROOT}.dist-info"


def build(item, folder):
    """Build the wheel and the sdist."""
    command = [sys.executable, "-m", "hatchling", "build", f"--directory={folder}"]
    subprocess.run(command, cwd=item.folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build a feature; return its sources and the folder of its wheel and sdist."""
    root = tmp_path_factory.mktemp("built")
    copy_settings(root)
    write_feature(root, "apples")
    item = Distribution(root / "packages/apples")
    build(item, root / "made")
    return item, root / "made"


@pytest.fixture
def item(built):
    """Return the sources."""
    return built[0]


@pytest.fixture
def wheel(built, tmp_path):
    """Return a copy of the wheel."""
    return Path(shutil.copy(built[1] / f"{ROOT}-py3-none-any.whl", tmp_path))


@pytest.fixture
def sdist(built, tmp_path):
    """Return a copy of the sdist."""
    return Path(shutil.copy(built[1] / f"{ROOT}.tar.gz", tmp_path))


def change_wheel(wheel, without=(), **added):
    """Rewrite a wheel with files removed and added."""
    with zipfile.ZipFile(wheel) as opened:
        files = {name: opened.read(name) for name in opened.namelist() if name not in without}
    with zipfile.ZipFile(wheel, "w") as opened:
        for name, content in {**files, **added}.items():
            opened.writestr(name, content)


def change_sdist(sdist, *members, without=(), **added):
    """Rewrite an sdist with files removed and added."""
    with tarfile.open(sdist) as opened:
        files = {one.name: opened.extractfile(one).read() for one in opened if one.isreg()}
    with tarfile.open(sdist, "w:gz") as opened:
        for name, content in {**files, **added}.items():
            if name.removeprefix(f"{ROOT}/") in without:
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
        for member in members:
            opened.addfile(member)


class TestFaultsOfWheel:
    def test_are_none_of_a_wheel_as_it_is_built(self, item, wheel):
        """A wheel as built has no fault."""
        assert list(faults_of_wheel(item, wheel)) == []

    @pytest.mark.parametrize(
        ("name", "fault"),
        [
            ("mercato_apples/.env", ".env does not belong in a wheel"),
            ("mercato_apples/tests/test_it.py", "tests/test_it.py does not belong in a wheel"),
            ("tests/test_it.py", "tests/test_it.py does not belong in a wheel"),
            ("mercato_apples/__pycache__/it.pyc", "it.pyc does not belong in a wheel"),
            ("mercato_apples/server.key", "server.key does not belong in a wheel"),
            ("mercato_apples/shop.sqlite3", "shop.sqlite3 does not belong in a wheel"),
            ("mercato_apples/it.py.orig", "it.py.orig does not belong in a wheel"),
            ("mercato_pears/__init__.py", "mercato_pears/__init__.py is in the wheel, but not"),
            (f"{ROOT}.data/scripts/it", "scripts/it is in the wheel, but not below src"),
            ("../it.py", "../it.py is in the wheel, but not below src"),
        ],
    )
    def test_name_a_file_that_is_not_of_the_sources(self, item, wheel, name, fault):
        """Tests, secrets, leftovers and foreign files in a wheel are faults."""
        change_wheel(wheel, **{name: b""})

        faults = list(faults_of_wheel(item, wheel))

        assert any(fault in one for one in faults), faults

    @pytest.mark.parametrize(
        ("name", "fault"),
        [
            ("mercato_apples/py.typed", "py.typed is missing"),
            ("mercato_apples/feature.py", "'apples' of mercato.features names a module"),
            (MIGRATION, "migrations/versions is missing or empty"),
            (f"{INFO}/entry_points.txt", "no entry point of mercato.features is called 'apples'"),
            ("mercato_apples/__init__.py", "__init__.py is not in the wheel: git ignores it"),
        ],
    )
    def test_name_a_part_that_is_missing(self, item, wheel, name, fault):
        """A missing part of a feature is a fault."""
        change_wheel(wheel, without=[name])

        faults = list(faults_of_wheel(item, wheel))

        assert any(fault in one for one in faults), faults

    def test_need_no_migrations_of_a_feature_without_tables(self, item, wheel):
        """A feature without models has no tables to migrate."""
        change_wheel(wheel, without=["mercato_apples/models.py", MIGRATION])

        assert not [one for one in faults_of_wheel(item, wheel) if "no tables" in one]

    def test_accept_a_folder_with_a_hyphen(self, item, wheel):
        """A feature in ``red-apples`` has the entry point ``red_apples``, and no other."""
        moved = Distribution(shutil.copytree(item.folder, item.folder.with_name("red-apples")))
        point = "[mercato.features]\n{} = mercato_apples.feature:feature\n"
        named = {}
        for name in ("red_apples", "red-apples"):
            text = point.format(name).encode()
            change_wheel(wheel, **{f"{INFO}/entry_points.txt": text})
            named[name] = [one for one in faults_of_wheel(moved, wheel) if "is called" in one]

        assert named["red_apples"] == []
        assert "is called 'red_apples'" in named["red-apples"][0]

    def test_name_a_changed_file(self, item, wheel):
        """A file that differs from the source is a fault."""
        change_wheel(wheel, **{"mercato_apples/feature.py": b"other"})

        faults = list(faults_of_wheel(item, wheel))

        assert faults == ["mercato_apples/feature.py in the wheel differs from the source"]

    def test_name_a_file_that_is_there_twice(self, item, wheel):
        """Two files of one name are a fault, because installers choose differently."""
        with zipfile.ZipFile(wheel, "a") as opened, pytest.warns(UserWarning, match="Duplicate"):
            opened.writestr("mercato_apples/feature.py", "other")

        faults = list(faults_of_wheel(item, wheel))

        assert "mercato_apples/feature.py is in the wheel 2 times" in faults


class TestFaultsOfSdist:
    def test_are_none_of_an_sdist_as_it_is_built(self, item, sdist):
        """An sdist as built has no fault."""
        assert list(faults_of_sdist(item, sdist)) == []

    @pytest.mark.parametrize(
        ("name", "fault"),
        [
            (f"{ROOT}/.env", ".env does not belong in an sdist"),
            (f"{ROOT}/tests/.secrets/token", ".secrets/token does not belong in an sdist"),
            (f"{ROOT}/tests/server.pem", "server.pem does not belong in an sdist"),
            (f"{ROOT}/dist/old.whl", "dist/old.whl does not belong in an sdist"),
            (f"{ROOT}/tests/other.py", "tests/other.py is in the sdist, but not among the sources"),
            (f"{ROOT}/LICENSE", "LICENSE in the sdist differs from the source"),
            ("mercato_pears-0.1.0/README.md", f"README.md is outside of {ROOT}/"),
            (f"{ROOT}/../README.md", f"README.md is outside of {ROOT}/"),
            (f"/{ROOT}/README.md", f"README.md is outside of {ROOT}/"),
        ],
    )
    def test_name_a_file_that_is_not_of_the_sources(self, item, sdist, name, fault):
        """Hidden, secret, changed and foreign files in an sdist are faults."""
        change_sdist(sdist, **{name: b"other"})

        faults = list(faults_of_sdist(item, sdist))

        assert any(fault in one for one in faults), faults

    @pytest.mark.parametrize(
        ("name", "fault"),
        [
            ("LICENSE", "LICENSE is not in the sdist"),
            ("CHANGELOG.md", "CHANGELOG.md is not in the sdist"),
            ("src/mercato_apples/feature.py", "src/mercato_apples/feature.py is not in the sdist"),
            ("tests/test_it.py", "no test is in the sdist"),
        ],
    )
    def test_name_a_part_that_is_missing(self, item, sdist, name, fault):
        """A file that is missing in the sdist is a fault."""
        change_sdist(sdist, without=[name])

        faults = list(faults_of_sdist(item, sdist))

        assert any(fault in one for one in faults), faults

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
    def test_name_links_and_devices(self, item, sdist, kind):
        """Links and devices in an sdist are faults."""
        link = tarfile.TarInfo(f"{ROOT}/src/elsewhere")
        link.type, link.linkname = kind, "/etc/passwd"
        change_sdist(sdist, link)

        faults = list(faults_of_sdist(item, sdist))

        assert faults == ["src/elsewhere is a link or a device, not a plain file"]

    @pytest.mark.parametrize("name", ["tests/notes.txt", "src/mercato_apples/notes"])
    def test_name_a_link_among_the_sources(self, tmp_path, name):
        """A link among the sources is a fault, because the build packs its target."""
        elsewhere = tmp_path / "private"
        elsewhere.mkdir()
        (elsewhere / "diary.txt").write_text("private")
        write_feature(tmp_path, "apples")
        item = Distribution(tmp_path / "packages/apples")
        target = elsewhere / "diary.txt" if name.endswith(".txt") else elsewhere
        (item.folder / name).symlink_to(target)
        build(item, tmp_path / "made")

        faults = [
            *faults_of_sdist(item, tmp_path / "made" / f"{ROOT}.tar.gz"),
            *faults_of_wheel(item, tmp_path / "made" / f"{ROOT}-py3-none-any.whl"),
        ]

        assert sum(fault.startswith(name) and "a link" in fault for fault in faults) == 1, faults


class TestFaultsOfMetadata:
    def fake(self, wheel, sdist, *changes):
        """Change text in the metadata of the wheel and the sdist."""
        with zipfile.ZipFile(wheel) as opened:
            text = opened.read(f"{INFO}/METADATA").decode()
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        change_wheel(wheel, **{f"{INFO}/METADATA": text.encode()})
        change_sdist(sdist, **{f"{ROOT}/PKG-INFO": text.encode()})

    def test_are_none_as_it_is_built(self, item, wheel, sdist):
        """The metadata as built has no fault."""
        assert list(faults_of_metadata(item, wheel, sdist, [])) == []

    @pytest.mark.parametrize(
        ("before", "after", "fault"),
        [
            ("Name: mercato-apples", "Name: apples", "the metadata is that of apples 0.1.0"),
            ("Version: 0.1.0", "Version: 0.2.0", "is that of mercato-apples 0.2.0"),
            ("Summary: Fruit.\n", "", "the metadata has no description"),
            ("License-Expression: MIT\n", "", "has no license (an SPDX expression)"),
            ("License-Expression: MIT", "License-Expression: Mine", "license-expression"),
            ("License-File: LICENSE\n", "", "the metadata has no license-files"),
            ("License-File: LICENSE", "License-File: COPYING", "COPYING is not in the wheel"),
            ("Requires-Python: >=3.11\n", "", "the metadata has no requires-python"),
            ("Description-Content-Type: text/markdown\n", "", "readme's content type"),
            (
                "Summary:",
                "Project-URL: Source, http://x.example\nSummary:",
                "is not an https address",
            ),
            ("Summary:", "Requires-Dist: seeds @ https://x.example/s.zip\nSummary:", "direct URL"),
            ("Summary:", "Requires-Dist: mercato-pears>=1\nSummary:", "has no ceiling"),
        ],
    )
    def test_name_what_is_wrong(self, item, wheel, sdist, before, after, fault):
        """Invalid, missing and risky metadata is a fault."""
        self.fake(wheel, sdist, (before, after))

        faults = list(faults_of_metadata(item, wheel, sdist, ["mercato-apples", "mercato-pears"]))

        assert len(faults) == 1, faults
        assert fault in faults[0]

    def test_name_two_that_differ(self, item, wheel, sdist):
        """Different metadata in wheel and sdist is a fault."""
        change_sdist(sdist, **{f"{ROOT}/PKG-INFO": b"other"})

        faults = list(faults_of_metadata(item, wheel, sdist, []))

        assert faults == ["the metadata of the sdist is not that of the wheel"]


class TestFaultsOfChangelog:
    @pytest.mark.parametrize(
        ("text", "faults"),
        [
            ("## 0.1.0 - 2026-11-01\n\n- Ripe.\n", []),
            ("## [0.1.0] - 2026-11-01\n- Ripe.\n\n## 0.0.9\n", []),
            ("## 0.1.0 (unreleased)\n\n- Ripe.\n", ["CHANGELOG.md calls 0.1.0 unreleased"]),
            ("## 0.1.0\n\n## 0.0.9\n\n- Ripe.\n", ["CHANGELOG.md has an empty section for 0.1.0"]),
            ("## 0.1.0.1\n\n- Ripe.\n", ["CHANGELOG.md has no section for 0.1.0"]),
            ("## 0.1.0rc1\n\n- Ripe.\n", ["CHANGELOG.md has no section for 0.1.0"]),
            ("", ["CHANGELOG.md has no section for 0.1.0"]),
        ],
    )
    def test_name_a_version_without_a_description(self, tmp_path, text, faults):
        """A released version must have a section in the changelog."""
        write_distribution(tmp_path, "apples")
        item = Distribution(tmp_path / "packages/apples")
        (item.folder / "CHANGELOG.md").write_text(text)

        assert list(faults_after_release(item)) == faults
