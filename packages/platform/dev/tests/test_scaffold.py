import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement

from mercato_composition.commands.frame import mercato
from mercato_dev.scaffold import NameRefusedError, make_feature, singular

ROOT = Path(__file__).parents[4]
EXAMPLE = ROOT / "docs/examples/reviews"
HOME = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mercato"]["home"]
AFFIXES = ("New", "Schema", "ChangesSchema", "QuerySchema", "ListSchema", "Exists", "Settings")


@pytest.fixture
def run(tmp_path):
    """Return a function that runs ``mercato new`` in an empty folder."""

    def call(*words):
        return CliRunner().invoke(mercato, ["new", *words, f"--into={tmp_path}"])

    return call


def project_of(folder):
    """Read the table [project] of a new feature."""
    return tomllib.loads((folder / "pyproject.toml").read_text())["project"]


class TestMakeFeature:
    @pytest.mark.parametrize("name", ["apples", "boxes", "gift_cards", "loyalty", "z"])
    def test_is_in_the_style_of_the_house(self, tmp_path, name):
        """With any name, ruff passes and the template is filled in completely."""
        folder = make_feature(name, tmp_path, workspace=False)

        for words in (["check"], ["format", "--check"]):
            command = [sys.executable, "-m", "ruff", *words, "--no-cache", folder]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout
        texts = [file.read_text() for file in folder.rglob("*") if file.is_file()]
        assert len(texts) > 20
        assert not [text for text in texts if "{{" in text or "{%" in text]

    def test_says_what_it_is(self, tmp_path):
        """Distribution, package, entry point and URL are derived from the name."""
        folder = make_feature("gift_cards", tmp_path, workspace=False)

        project = project_of(folder)
        assert (folder.name, project["name"]) == ("mercato-gift-cards", "mercato-gift-cards")
        assert project["entry-points"]["mercato.features"] == {
            "gift_cards": "mercato_gift_cards.feature:feature"
        }
        routes = (folder / "src/mercato_gift_cards/routes.py").read_text()
        assert '    "/gift-cards",\n    allow=signed_in,\n    idempotent=True,' in routes
        assert "def make_gift_card(" in routes

    @pytest.mark.parametrize(
        ("options", "requires", "modules"),
        [
            ({"shape": "empty"}, ["mercato-kit"], {"__init__", "feature"}),
            (
                {"shape": "contract", "contract": "shipping"},
                ["mercato-contracts", "mercato-kit"],
                {"__init__", "feature", "provides"},
            ),
            (
                {"shape": "contract", "contract": "payments"},
                ["mercato-contracts", "mercato-kit"],
                {"__init__", "feature", "provides"},
            ),
        ],
    )
    def test_requires_what_its_shape_needs(self, tmp_path, options, requires, modules):
        """A shape has its modules only, and requires what they import; any name is free."""
        folder = make_feature("events", tmp_path, workspace=False, **options)

        declared = [Requirement(it).name for it in project_of(folder)["dependencies"]]
        assert declared == requires
        assert {file.stem for file in (folder / "src").rglob("*.py")} == modules
        texts = [file.read_text() for file in folder.rglob("*") if file.is_file()]
        assert not [text for text in texts if "{{" in text or "{%" in text]

    def test_is_built_for_this_kit(self, tmp_path):
        """It requires the current kit, and excludes the next major version."""
        folder = make_feature("reviews", tmp_path, workspace=False)

        project = project_of(folder)
        (kit,) = (it for it in project["dependencies"] if it.startswith("mercato-kit"))
        assert Requirement(kit).specifier.contains(version("mercato-kit"))
        assert not Requirement(kit).specifier.contains("99")

    def test_links_lead_to_its_home(self, tmp_path):
        """With a home, all links start with it; without one, there are no links."""
        home = "https://git.example/shop"

        places = {
            workspace: make_feature("reviews", tmp_path, home=home, workspace=workspace)
            for workspace in (False, True)
        }
        homeless = make_feature("boxes", tmp_path, workspace=False)

        links = {workspace: project_of(place)["urls"] for workspace, place in places.items()}
        assert links[False]["Changelog"] == f"{home}/blob/main/CHANGELOG.md"
        assert links[True]["Changelog"] == f"{home}/blob/main/packages/reviews/CHANGELOG.md"
        assert links[True].keys() == {"Homepage", "Documentation", "Source", "Changelog", "Issues"}
        assert "urls" not in project_of(homeless)

    @pytest.mark.parametrize(
        "home",
        ["git.example", "http://git.example", 'https://a"b', "https://git.example/", "https://a b"],
    )
    def test_refuses_a_home_that_is_no_address(self, tmp_path, home):
        """A home that is not an https URL is refused."""
        with pytest.raises(NameRefusedError, match="https://"):
            make_feature("reviews", tmp_path, home=home, workspace=False)

    def test_its_first_release_has_a_changelog(self, tmp_path):
        """The first section of its changelog is made from the fragments."""
        folder = make_feature("reviews", tmp_path, workspace=False)
        version = project_of(folder)["version"]

        command = [sys.executable, "-m", "towncrier", "build", "--yes", f"--version={version}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout + done.stderr
        changelog = (folder / "CHANGELOG.md").read_text()
        assert changelog.startswith("# Changelog of mercato-reviews\n")
        assert f"\n## {version} - " in changelog
        assert "\n### Added\n\n- Reviews of customers" in changelog
        assert [file.name for file in (folder / "changes").iterdir()] == [".gitkeep"]

    def test_in_the_workspace_the_settings_of_tools_are_above(self, tmp_path):
        """In a workspace it has no settings of tools, and its folder is named like the feature."""
        folder = make_feature("reviews", tmp_path, workspace=True)

        tools = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]
        assert (folder.name, list(tools)) == ("reviews", ["hatch"])

    def test_no_name_meets_one_of_the_templates_own(self, tmp_path):
        """A thing cannot have a name that the template uses: of a class, a function, a module."""
        folder = make_feature("zyxes", tmp_path, workspace=False)
        words = {
            word for file in (folder / "src").rglob("*.py") for word in words_of(file.read_text())
        }

        for word in sorted(words):
            with pytest.raises(NameRefusedError, match=r"--thing|not a valid name"):
                make_feature("reviews", tmp_path, thing=word, workspace=False)


def contents(folder):
    """Return the text of each file below *folder*, by path; without what Python cached."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    kept = [file for file in files if file.suffix != ".pyc"]
    return {str(file.relative_to(folder)): file.read_text() for file in kept}


class TestExample:
    def test_is_in_step_with_the_template(self, tmp_path):
        """The feature below docs/examples is the template, filled in, and nothing else."""
        made = make_feature("reviews", tmp_path, home=HOME, workspace=True)

        assert contents(EXAMPLE) == contents(made)


class TestSingular:
    @pytest.mark.parametrize(
        ("many", "one"),
        [
            ("reviews", "review"),
            ("categories", "category"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("gift_cards", "gift_card"),
            ("bonus", "bonus"),
            ("loyalty", "loyalty"),
        ],
    )
    def test_is_guessed(self, many, one):
        """The singular of common English names is guessed."""
        assert singular(many) == one


class TestNew:
    def test_tells_where_it_is(self, run, tmp_path):
        """The new folder is printed, and nothing else remains."""
        done = run("reviews")

        assert done.exit_code == 0, done.output
        assert str(tmp_path / "mercato-reviews") in done.output
        assert [found.name for found in tmp_path.iterdir()] == ["mercato-reviews"]

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (["kit"], "is reserved"),
            (["new"], "is reserved"),
            (["contracts"], "is reserved"),
            (["Reviews"], "for example 'gift_cards'"),
            (["gift-cards"], "for example 'gift_cards'"),
            (["2fast"], "for example 'gift_cards'"),
            (["../reviews"], "for example 'gift_cards'"),
            (["lambda"], "not a keyword of Python"),
            ([""], "for example 'gift_cards'"),
            (["a_very_long_name_of_goods"], "34 at most"),
            (["events"], "Give another one with --thing"),
            (["warnings"], "Give another one with --thing"),
            (["reviews", "--thing", "Re view"], "for example 'gift_cards'"),
        ],
    )
    def test_refuses_names_that_do_not_work(self, run, tmp_path, words, why):
        """A name that the host, Python or PostgreSQL would refuse is refused, with the reason."""
        refused = run(*words)

        assert refused.exit_code == 64
        assert why in " ".join(refused.output.split())
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "words", [["--contract", "taxes"], ["--shape", "empty", "--thing", "review"]]
    )
    def test_refuses_options_of_another_shape(self, run, tmp_path, words):
        """An option that the shape does not read is refused."""
        refused = run("reviews", *words)

        assert (refused.exit_code, "goes with --shape" in refused.output) == (64, True)
        assert list(tmp_path.iterdir()) == []

    def test_leaves_what_is_there(self, run, tmp_path):
        """An existing folder is not changed."""
        (tmp_path / "mercato-reviews").mkdir()
        (tmp_path / "mercato-reviews/README.md").write_text("mine")

        refused = run("reviews")

        assert (refused.exit_code, "exists already" in " ".join(refused.output.split())) == (
            64,
            True,
        )
        assert [file.name for file in tmp_path.rglob("*")] == ["mercato-reviews", "README.md"]

    def test_leaves_nothing_half_written(self, run, tmp_path, monkeypatch):
        """If the last step fails, nothing is written."""
        monkeypatch.setenv("RUFF_OUTPUT_FORMAT", "nonsense")

        failed = run("reviews")

        assert (failed.exit_code, "ruff check failed" in failed.output) == (1, True)
        assert list(tmp_path.iterdir()) == []


def words_of(source):
    """Return names that the template imports, and words in those of its classes."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.ClassDef):
            names.add(node.name)
    own = {name for name in names if "zyx" in name.lower()}
    yield from filter(str.islower, names - own)
    for name in names - own:
        if not re.match("[A-Z][a-z]", name):
            continue
        for affix in ("", *AFFIXES):
            bare = name.removesuffix(affix) if name.endswith(affix) else name.removeprefix(affix)
            if bare and (bare != name or not affix):
                yield re.sub("(?<=[a-z])(?=[A-Z])", "_", bare).lower()
