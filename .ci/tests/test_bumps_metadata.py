"""A release that installers see otherwise says so."""

import pytest

from mercato_dev.wheelmaking import write_wheel
from workspace.bumps.metadata import compare_metadata


def wheel(folder, version, **parts):
    """Write a wheel of the apples."""
    return write_wheel(folder, "mercato-apples", version, {"mercato_apples.py": ""}, **parts)


def compare(folder, before, after):
    """Compare two wheels; say it in lines."""
    old, new = wheel(folder, "1.0.0", **before), wheel(folder, "1.1.0", **after)
    return [f"{reason.level} {reason.what}" for reason in compare_metadata(old, new)]


EXTRA = {"more": ["Provides-Extra: redis"]}
PLUGIN = {"pytest11": {"apples": "mercato_apples.plugin"}}
COMMAND = {"console_scripts": {"apples": "mercato_apples:main"}}


class TestCompareMetadata:
    def test_of_what_is_the_same_says_nothing(self, tmp_path):
        """A version is no reason for itself."""
        same = {"requires": ["flask>=3.1"], "entry_points": COMMAND}

        assert compare(tmp_path, same, same) == []

    @pytest.mark.parametrize(
        ("before", "after", "told"),
        [
            ({"entry_points": COMMAND}, {}, ["major command apples is gone"]),
            ({}, {"entry_points": COMMAND}, ["minor command apples is new"]),
            ({"entry_points": PLUGIN}, {}, ["major pytest plugin apples is gone"]),
            ({}, {"entry_points": PLUGIN}, ["minor pytest plugin apples is new"]),
            (EXTRA, {}, ["major extra redis is gone"]),
            ({}, EXTRA, ["minor extra redis is new"]),
            (
                {"more": ["Requires-Python: >=3.11"]},
                {"more": ["Requires-Python: >=3.12"]},
                ["minor needs Python >=3.12 now, and needed >=3.11"],
            ),
            (
                {"requires": ["flask>=3.1"]},
                {"requires": ["flask>=3.2"]},
                ["patch does not require flask>=3.1 any more", "patch requires flask>=3.2 now"],
            ),
        ],
    )
    def test_names_what_differs(self, tmp_path, before, after, told):
        """What is asked for by name and gone is major; what resolvers see to is told."""
        assert compare(tmp_path, before, after) == told
