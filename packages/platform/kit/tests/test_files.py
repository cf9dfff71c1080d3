import os

import pytest

from mercato_kit.files import private


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def umask(request):
    """Each umask in turn: all bits, the usual ones, none."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode_of(path):
    """Return the permissions of a file."""
    return path.stat().st_mode & 0o777


class TestPrivate:
    def test_makes_files_for_their_owner(self, tmp_path, umask):
        """A new file has the mode 0600 under any umask."""
        file = tmp_path / "archive"

        with open(file, "w", opener=private) as out:
            out.write("names")

        assert (mode_of(file), file.read_text()) == (0o600, "names")

    def test_opens_what_exists(self, tmp_path):
        """A file that exists is opened as it is: the owner may have chosen its mode."""
        file = tmp_path / "archive"
        file.write_text("a")
        file.chmod(0o640)

        with open(file, "a", opener=private) as out:
            out.write("b")

        assert (mode_of(file), file.read_text()) == (0o640, "ab")
