"""The check of the README."""

import pytest

from mercato_kit.feature import Feature
from mercato_testing.conformance.readme import unmentioned_parts
from mercato_testing.samples import wheels

FEATURE = Feature(
    name="alpha",
    summary="For a test.",
    permissions={"alpha.read": "Read", "alpha.write": "Write"},
    publishes=["alpha.made"],
)


class TestUnmentionedParts:
    @pytest.mark.parametrize(
        ("readme", "found"),
        [
            ("`alpha.read`, `alpha.write`; `alpha.made`", []),
            (
                "alpha.read, `alpha.write`",
                [
                    "the README does not name the permission `alpha.read`",
                    "the README does not name the published event `alpha.made`",
                ],
            ),
        ],
    )
    def test_finds_what_is_not_named(self, tmp_path, monkeypatch, readme, found):
        """A part that the description of the distribution does not quote is found."""
        monkeypatch.syspath_prepend(tmp_path)
        wheels.install(tmp_path, "alpha", "", module="alpha_readme", metadata=f"\n{readme}")

        assert list(unmentioned_parts(FEATURE)) == found
