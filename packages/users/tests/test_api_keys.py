import re

import pytest

from mercato_users import api_keys

SCANNED = re.compile(r"mercato_(live|test)_[0-9A-Za-z]{38}")


class TestNewKey:
    @pytest.mark.parametrize("mode", ["live", "test"])
    def test_has_a_form_that_scanners_know(self, mode):
        """Prefix, 32 random characters and 6 of a checksum; no two keys are alike."""
        keys = {api_keys.new_key(mode) for _ in range(100)}

        assert len(keys) == 100
        for key in keys:
            assert SCANNED.fullmatch(key)[1] == mode
            assert api_keys.is_named(key)
            assert api_keys.is_whole(key)


class TestModeOf:
    def test_tells_keys_of_a_shop_from_those_of_tests(self):
        """A key that was made for trying things is known by its text."""
        modes = [api_keys.mode_of(one) for one in ("production", "testing", "development")]

        assert modes == ["live", "test", "test"]


class TestIsWhole:
    def test_is_the_crc_32(self):
        """The checksum is that of everything before it, in base 62."""
        assert api_keys.is_whole("mercato_live_" + "A" * 32 + "4CuBnL")

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda key: key[:-1],
            lambda key: key + "x",
            lambda key: key.replace("_live_", "_test_"),
            lambda key: key[:20] + ("x" if key[20] != "x" else "y") + key[21:],
            lambda key: key[:-6] + key[-6:][::-1] if key[-6:] != key[-6:][::-1] else "",
            lambda key: "mercato_" + key,
            lambda key: key[:13] + "\u0660" + key[14:],
        ],
    )
    def test_refuses_a_key_that_was_changed(self, spoil):
        """A typing mistake is found without asking the database."""
        assert not api_keys.is_whole(spoil(api_keys.new_key("live")))
