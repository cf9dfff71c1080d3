"""Who needs and offers what, as an operator sees it."""

import re

import pytest
from click.testing import CliRunner

from mercato_composition.commands.frame import mercato
from mercato_testing.samples.wheels import install

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
    """An oven and a stove that offer heat, and ice that needs some."""
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
    """A function that runs a command for a deployment of some features."""

    def call(*words, features=(), more=""):
        file = tmp_path / "shop.toml"
        named = "".join(f"[features.{name}]\n" for name in features)
        file.write_text(f'environment = "testing"\n{named}{more}')
        return CliRunner().invoke(mercato, [f"--deployment={file}", *words])

    return call


class TestGraph:
    def test_says_who_needs_and_offers_what(self, run):
        """Features in the order they start, each with what it gives and takes."""
        told = run("graph", features=["ice", "oven"])

        assert told.exit_code == 0
        assert told.output == (
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
        """It is most needed then."""
        told = run("graph", features=["ice", "stove"])

        assert "needs     heat >=1,<2: stove only offers 2.0" in told.output
        assert "`mercato check` says why" in told.stderr

    def test_names_what_nobody_offers_and_what_was_left_out(self, run):
        """Nothing that was asked for is passed over."""
        told = run("graph", features=["ice"], more="[features.broken]\nrequired = false\n")

        assert "needs     heat >=1,<2: nobody offers it" in told.output
        assert "broken: left out (K103: importing graphing_broken failed" in told.output

    def test_shows_whom_the_operator_chose(self, run):
        """Of two that offer a contract the chosen one is asked."""
        choice = '[capabilities]\nheat = "oven"\n'

        told = run("graph", features=["ice", "oven", "stove"], more=choice)

        assert "heat >=1,<2: oven offers 1.2" in told.output
        assert "offers    heat 2.0: for nobody" in told.output

    def test_draws_itself(self, run):
        """Mermaid's own characters are escaped; every edge is between nodes that are there."""
        told = run("graph", "--mermaid", features=["ice", "oven"])

        lines = told.output.splitlines()
        assert lines == [
            "graph LR",
            '    feature_oven["oven 1.5"]',
            '    feature_ice["ice 1.0"]',
            '    feature_ice -->|"heat #gt;=1,#lt;2"| feature_oven',
            '    feature_oven ==>|"heat.rose"| feature_ice',
        ]

    def test_draws_what_is_missing(self, run):
        """A need that nobody answers ends in a node of its own."""
        told = run("graph", "--mermaid", features=["ice"])

        assert (
            '    feature_ice --x|"heat #gt;=1,#lt;2"| missing_heat["heat: nobody offers it"]\n'
            in told.output
        )


class TestWhy:
    def test_says_who_offers_needs_and_pins(self, run):
        """Also features that are installed and not enabled."""
        more = '[features.ice]\npackage = "mercato-ice ~= 1.0"\n'

        told = run("why", "heat", features=["oven"], more=more)

        assert told.exit_code == 0
        lines = [re.sub(r" {2,}", "  ", line) for line in told.output.splitlines()]
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
        """Who is asked, and where the operator said so."""
        choice = '[capabilities]\nheat = "stove"\n'

        told = run("why", "heat", features=["oven", "stove"], more=choice).output

        assert "1.2  not chosen" in told
        assert "2.0  chosen in shop.toml:5" in told

    def test_of_a_contract_that_nobody_knows(self, run):
        """It suggests the one that was meant, and ends with 2."""
        told = run("why", "heet", features=["oven"])

        assert told.exit_code == 2
        assert "Did you mean 'heat'?" in told.output
