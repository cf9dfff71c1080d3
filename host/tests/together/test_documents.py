"""The documents are short, and what they say of the repository is so."""

import re
from importlib import import_module
from pkgutil import resolve_name

import pytest

import mercato_kit
import mercato_testing

from .documents import (
    ROOT,
    broken_links,
    declared_arrows,
    distribution_folders,
    drawn_arrows,
    missing_modules,
    owned_folders,
    pages,
)

README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
CODEOWNERS = (ROOT / ".github/CODEOWNERS").read_text()
MOST_WORDS = 400
MOST_LINES = 85


class TestReadme:
    def test_is_short_before_the_map(self):
        """A stranger reads at most 400 words until the map."""
        before, _, _ = README.partition("## The map")

        assert len(before.split()) <= MOST_WORDS

    def test_its_map_names_what_there_is(self):
        """Each module and folder of the map exists."""
        assert missing_modules(README) == []

    def test_its_map_has_every_distribution_of_the_platform(self):
        """Each has a section with its modules."""
        rooms = [it for it in distribution_folders() if it.startswith("packages/platform/")]

        assert [it for it in [*rooms, "host"] if f"\n### `{it}`\n" not in README] == []

    @pytest.mark.parametrize(
        ("named", "missing"),
        [
            ("### `host`\n\n| `config.py`, `gone.py` | … |", ["`host`: gone.py"]),
            ("### A feature\n\n| `gone.py` | … |", ["A feature: gone.py"]),
            ("`orders/services/gone.py` places an order", ["orders: services/gone.py"]),
        ],
    )
    def test_a_module_that_is_gone_is_found(self, named, missing):
        """A map that names a module which was renamed fails."""
        assert missing_modules(named) == missing


class TestPages:
    @pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
    def test_their_links_lead_somewhere(self, page):
        """Each relative link is a file or a folder."""
        assert broken_links(page, page.read_text()) == []

    def test_a_broken_link_is_found(self):
        """A link to a page that was moved fails; one to a website is not looked at."""
        text = "[a](gone.md#top) [b](README.md#the-map) [c](https://mercato.example/d)"

        assert broken_links(ROOT / "README.md", text) == ["gone.md"]

    @pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda it: it.name)
    def test_are_short(self, page):
        """One topic a page, on two screens; the rows of tables are looked up, and do not count."""
        lines = page.read_text().splitlines()

        assert len([line for line in lines if not line.startswith("|")]) <= MOST_LINES


class TestArchitecture:
    def test_draws_the_arrows_that_are_checked(self):
        """The drawing has the arrows that import-linter proves, no more and no less."""
        assert drawn_arrows(ARCHITECTURE) == declared_arrows()

    @pytest.mark.parametrize(
        ("before", "after", "difference"),
        [
            ("composition --> kit", "composition --> kit & host", ("composition", "host")),
            ("composition --> kit", "composition", ("composition", "kit")),
            ('["each feature"] --> contracts & kit', " --> kit", ("features", "contracts")),
        ],
        ids=["one too many", "one too few", "one of a feature"],
    )
    def test_another_arrow_is_found(self, before, after, difference):
        """A drawing with one arrow more or less than import-linter checks fails."""
        assert before in ARCHITECTURE

        drawn = drawn_arrows(ARCHITECTURE.replace(before, after))

        assert drawn ^ declared_arrows() == {difference}


class TestCodeowners:
    def test_has_a_team_for_every_distribution(self):
        """Each folder of a distribution has a line with a team."""
        assert owned_folders(CODEOWNERS) == set(distribution_folders())

    def test_a_folder_without_a_team_is_found(self):
        """A line that is missing, or names no team, fails."""
        missing = CODEOWNERS.replace("/host/   ", "# ").replace("@mercato/oidc", "")

        assert set(distribution_folders()) - owned_folders(missing) == {"host", "packages/oidc"}


def public_names():
    """Return each name that ``__all__`` of a package of the platform lists, as a dotted path."""
    for folder in sorted(ROOT.glob("packages/platform/*/src/mercato_*")):
        for file in sorted(folder.rglob("__init__.py")):
            package = ".".join(file.parent.relative_to(folder.parent).parts)
            names = getattr(import_module(package), "__all__", ())
            yield from (f"{package}.{name}" for name in names)


class TestPublicNames:
    def test_can_be_imported(self):
        """What a room's ``__init__`` lists is a module or a name that is there."""
        names = list(public_names())

        assert "mercato_composition.deployment" in names
        for name in names:
            resolve_name(name)

    @pytest.mark.parametrize("package", [mercato_kit, mercato_testing], ids=lambda it: it.__name__)
    def test_readme_lists_the_public_modules(self, package):
        """The first column of the table of modules is ``__all__`` of the package."""
        folder = package.__name__.removeprefix("mercato_")
        text = (ROOT / "packages/platform" / folder / "README.md").read_text()
        table = text.partition("\n## Modules\n")[2].partition("\n## ")[0]
        rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]

        found = sorted(name for row in rows for name in re.findall(r"`(\w+)`", row))

        assert found == sorted(package.__all__)

    def test_a_name_that_is_gone_is_found(self):
        """A module that was renamed cannot be resolved."""
        with pytest.raises((AttributeError, ImportError)):
            resolve_name("mercato_dev.making")
