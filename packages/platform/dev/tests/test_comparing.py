"""Two files of a release are compared by their content."""

import io
import tarfile
import zipfile

import pytest

from mercato_dev.artifacts.comparison import differences


def write_wheel(file, **contents):
    """Write a zip file."""
    with zipfile.ZipFile(file, "w") as opened:
        for name, content in contents.items():
            opened.writestr(zipfile.ZipInfo(name), content)
    return file


def write_sdist(file, **contents):
    """Write a tar file."""
    with tarfile.open(file, "w:gz") as opened:
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content.encode()))
    return file


@pytest.mark.parametrize(("write", "end"), [(write_wheel, ".whl"), (write_sdist, ".tar.gz")])
class TestDifferences:
    def test_are_none_between_the_same_bytes(self, tmp_path, write, end):
        """A copy does not differ."""
        one = write(tmp_path / f"one{end}", a="1")
        other = tmp_path / f"other{end}"
        other.write_bytes(one.read_bytes())

        assert differences(one, other) == []

    def test_name_what_is_changed_added_or_missing(self, tmp_path, write, end):
        """Changed, missing and new files are named."""
        one = write(tmp_path / f"one{end}", same="1", changed="1", gone="1")
        other = write(tmp_path / f"other{end}", same="1", changed="2", new="1")

        assert differences(one, other) == ["changed", "gone", "new"]

    def test_may_be_in_the_packing_alone(self, tmp_path, write, end):
        """Files in another order differ only in their packing."""
        one = write(tmp_path / f"one{end}", a="1", b="2")
        other = write(tmp_path / f"other{end}", b="2", a="1")

        assert differences(one, other) == ["only the way they are packed"]

    def test_are_told_of_a_file_that_was_cut_off(self, tmp_path, write, end):
        """A truncated file is reported, without a traceback."""
        one = write(tmp_path / f"one{end}", a="1" * 1000)
        other = tmp_path / f"other{end}"
        other.write_bytes(one.read_bytes()[:60])

        assert differences(one, other) == ["one of them is incomplete"]
