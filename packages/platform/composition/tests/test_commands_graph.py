"""The output of `mercato graph` and `mercato why`."""

import re
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from mercato_composition.commands.frame import mercato
from mercato_testing.samples.wheels import install

from .sites import document

CONTRACT = '''
from typing import Protocol


class Heat(Protocol):
    """How warm it is."""

    def degrees(self) -> int:
        """Return degrees."""
        ...
'''

OFFERS = """
    from mercato_kit.feature import Feature
    from mercato_kit.feature import Offer
    from graphing_contracts.heat import Heat

    class Warm:
        def degrees(self):
            return {degrees}

    offers = [Offer(Heat, "{version}", Warm)]
    feature = Feature(name="{name}", summary="", offers=offers, publishes={publishes})
"""

NEEDS = """
    from mercato_kit.events import Handler
    from mercato_kit.feature import Feature
    from mercato_kit.feature import Glue
    from mercato_kit.feature import Need
    from graphing_contracts.heat import Heat

    def melt(event):
        "Answer it."

    feature = Feature(
        name="{name}",
        summary="",
        needs={needs},
        handles=[Handler("heat.rose", melt)],
        glue=[Glue(when=[Need(Heat, ">=2")]), Glue(when=["oven"])],
    )
"""


@pytest.fixture(scope="module")
def _wheels(tmp_path_factory):
    """Install an oven and a stove that offer heat, and ice that needs it."""
    folder = tmp_path_factory.mktemp("wheels")
    (folder / "graphing_contracts").mkdir()
    (folder / "graphing_contracts" / "heat.py").write_text(CONTRACT)
    oven = OFFERS.format(name="oven", version="1.2", degrees=200, publishes=["heat.rose"])
    stove = OFFERS.format(name="stove", version="2.0", degrees=90, publishes=[])
    ice = NEEDS.format(name="ice", needs='[Need(Heat, ">=1,<2")]')
    install(folder, "oven", oven, module="graphing_oven", version="1.5")
    install(folder, "stove", stove, module="graphing_stove", version="3.0")
    requires = ["mercato-kit>=1.0", "mercato-oven>=1.1,<2"]
    install(folder, "ice", ice, module="graphing_ice", requires=requires)
    install(folder, "broken", "1 / 0", module="graphing_broken")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield


@pytest.fixture
def run(tmp_path, _wheels):
    """A function that runs a command for a deployment with the given features."""

    def call(*words, features=(), more=""):
        file = tmp_path / "shop.toml"
        named = "".join(f"[features.{name}]\n" for name in features)
        file.write_text(f'environment = "testing"\n{named}{more}')
        return CliRunner().invoke(mercato, [f"--deployment={file}", *words])

    return call


class TestGraph:
    def test_says_who_needs_and_offers_what(self, run):
        """Features are listed in starting order, each with its needs, offers and events."""
        result = run("graph", features=["ice", "oven"])

        assert result.exit_code == 0
        assert result.output == (
            "oven (mercato-oven 1.5)\n"
            "    offers    heat 1.2: for ice\n"
            "    publishes heat.rose: to ice\n"
            "ice (mercato-ice 1.0)\n"
            "    needs     heat >=1,<2: oven offers 1.2\n"
            "    handles   heat.rose: from oven\n"
            "    glue      waits for heat >=2\n"
            "    glue      holds with oven\n"
        )

    def test_works_where_features_do_not_fit(self, run):
        """The graph is shown although the features do not fit."""
        result = run("graph", features=["ice", "stove"])

        assert "needs     heat >=1,<2: stove only offers 2.0" in result.output
        assert "`mercato check` says why" in result.stderr

    def test_names_missing_offers_and_what_was_left_out(self, run):
        """Needs without an offer and features left out are shown."""
        result = run("graph", features=["ice"], more="[features.broken]\nrequired = false\n")

        assert "needs     heat >=1,<2: not offered" in result.output
        assert "broken: left out (K103: importing graphing_broken failed" in result.output

    def test_shows_the_chosen_feature(self, run):
        """If two features offer a contract, the needs point to the chosen one."""
        choice = '[capabilities]\nheat = "oven"\n'

        result = run("graph", features=["ice", "oven", "stove"], more=choice)

        assert "heat >=1,<2: oven offers 1.2" in result.output
        assert "offers    heat 2.0: for none" in result.output

    def test_draws_itself(self, run):
        """Mermaid's special characters are escaped; every edge connects existing nodes."""
        result = run("graph", "--mermaid", features=["ice", "oven"])

        lines = result.output.splitlines()
        assert lines == [
            "graph LR",
            '    feature_oven["oven 1.5"]',
            '    feature_ice["ice 1.0"]',
            '    feature_ice -->|"heat #gt;=1,#lt;2"| feature_oven',
            '    feature_oven ==>|"heat.rose"| feature_ice',
        ]

    def test_draws_what_is_missing(self, run):
        """A need without an offer points to an extra node."""
        result = run("graph", "--mermaid", features=["ice"])

        assert (
            '    feature_ice --x|"heat #gt;=1,#lt;2"| missing_heat["heat: not offered"]\n'
            in result.output
        )

    def test_as_a_document(self, run):
        """--json has the same facts, as the schema in the wheel says."""
        more = "[features.broken]\nrequired = false\n"

        found = document(run("graph", "--json", features=["ice", "oven"], more=more))

        oven, ice = found["features"]
        assert oven["offers"] == [
            {"contract": "heat", "name": "oven", "version": "1.2", "for": ["ice"]}
        ]
        [need] = ice["needs"]
        assert (need["by"], need["version"], need["fits"]) == ("oven", "1.2", True)
        assert (need["contract"], need["versions"], need["at_least"]) == ("heat", ">=1,<2", 1)
        assert [one["name"] for one in need["answers"]] == ["oven"]
        assert ice["handles"] == [{"topic": "heat.rose", "from": ["oven"]}]
        assert ice["glue"][1] == {"when": ["oven"], "holds": True}
        assert [*found["left_out"]] == ["broken"]

    def test_as_a_drawing(self, run):
        """--svg prints a file with a box for each feature and contract, also if they do not fit."""
        drawn = ElementTree.fromstring(run("graph", "--svg", features=["ice", "stove"]).stdout)  # noqa: S314

        labels = {it.text for it in drawn.iter("{http://www.w3.org/2000/svg}text")}
        assert labels == {"ice", "stove", "heat"}

    def test_has_one_form(self, run):
        """Two forms at once are a wrong command line."""
        refused = run("graph", "--svg", "--json", features=["oven"])

        assert (refused.exit_code, "choose one" in refused.stderr) == (64, True)


class TestWhy:
    def test_as_a_document(self, run):
        """--json has the same rows, as the schema in the wheel says."""
        found = document(run("why", "heat", "--json", features=["ice", "oven"]))

        assert found["offered_by"][0] == {
            "feature": "mercato-oven 1.5 ('oven')",
            "version": "1.2",
            "state": "enabled",
        }
        assert [row["state"] for row in found["needed_by"]] == [
            "answered by oven 1.2",
            "does not fit oven 1.2",
        ]

    def test_says_who_offers_needs_and_pins(self, run):
        """Offers, needs and pins are listed, also of features that are not enabled."""
        more = '[features.ice]\npackage = "mercato-ice ~= 1.0"\n'

        result = run("why", "heat", features=["oven"], more=more)

        assert result.exit_code == 0
        lines = [re.sub(r" {2,}", "  ", line) for line in result.output.splitlines()]
        assert lines == [
            "heat (graphing_contracts.heat.Heat)",
            "offered by",
            "  mercato-oven 1.5 ('oven')  1.2  enabled",
            "  mercato-stove 3.0 ('stove')  2.0  installed, not enabled",
            "needed by",
            "  mercato-ice 1.0 ('ice')  >=1,<2  answered by oven 1.2",
            "  mercato-ice 1.0 ('ice') (its glue)  >=2  does not fit oven 1.2",
            "pinned by",
            "  shop.toml:4  mercato-ice ~= 1.0",
            "  mercato-ice 1.0  mercato-oven<2,>=1.1",
        ]

    def test_names_the_choice_with_its_line(self, run):
        """The chosen feature is shown with file and line of the choice."""
        choice = '[capabilities]\nheat = "stove"\n'

        result = run("why", "heat", features=["oven", "stove"], more=choice).output

        assert "1.2  not chosen" in result
        assert "2.0  chosen in shop.toml:5" in result

    def test_of_an_unknown_contract(self, run):
        """An unknown contract is refused with a suggestion, and the exit code is 64."""
        result = run("why", "heet", features=["oven"])

        assert result.exit_code == 64
        assert "Did you mean 'heat'?" in result.output
