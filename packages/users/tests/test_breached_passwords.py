"""A file of breached passwords."""

import hashlib

import pytest

from mercato_users import services
from mercato_users.breached_passwords import is_breached, is_list
from mercato_users.errors import WeakPassword

from . import factories

LISTED = [f"password number {number}" for number in range(50)]


def digest(password):
    """Return the SHA-1 of a password in hex."""
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture(params=["{}\n", "{}:12\r\n", "{}:1"])
def listed(request, tmp_path):
    """A file with fifty passwords, in the forms that such files have."""
    lines = sorted(digest(password) for password in LISTED)
    if request.param == "{}:1":
        text = "\n".join(f"{line.upper()}:{number}" for number, line in enumerate(lines))
    else:
        text = "".join(request.param.format(line) for line in lines)
    file = tmp_path / "breached.txt"
    file.write_bytes(text.encode())
    return file


class TestIsBreached:
    def test_finds_each_listed_password(self, listed):
        """Each password of the file is found, also the first and the last one."""
        assert all(is_breached(password, listed) for password in LISTED)

    def test_finds_no_other(self, listed):
        """Passwords before, between and after those of the file are not found."""
        assert not any(is_breached(f"another {number}", listed) for number in range(200))

    def test_finds_nothing_in_an_empty_file(self, tmp_path):
        """An empty file lists nothing."""
        file = tmp_path / "breached.txt"
        file.touch()

        assert not is_breached("a", file)


class TestIsList:
    def test_knows_lists(self, listed, tmp_path):
        """A file of hashes is a list; one of passwords is none, and neither is an empty one."""
        other = tmp_path / "passwords.txt"
        other.write_text("password1\n")

        assert is_list(listed)
        assert not is_list(other)


class TestSetting:
    @pytest.fixture
    def settings(self, settings, tmp_path):
        """Refuse one password."""
        file = tmp_path / "breached.txt"
        file.write_text(f"{digest(factories.PASSWORD)}:3\n")
        return {**settings, "breached_passwords": str(file)}

    def test_refuses_what_is_listed(self, commit):
        """A listed password is refused like a well-known one, and others are not."""
        with pytest.raises(WeakPassword, match="well known"):
            commit(services.create_verified_user, factories.new_user("alice@example.com"))
