"""The conformance tests check the modules and names of a feature's parts."""

from importlib import import_module

import pytest

from mercato_testing.conformance import shape
from mercato_testing.samples import wheels

GOOD = {
    "feature.py": """
        '''Books that members borrow.'''

        from mercato_kit.feature import Feature
        from mercato_kit.feature import Glue
        from mercato_kit.feature import Offer
        from PACKAGE.cli import commands
        from PACKAGE.events import HANDLES
        from PACKAGE.events import LATER
        from PACKAGE.events import PUBLISHES
        from PACKAGE.expansions import EXPANSIONS
        from PACKAGE.jobs import JOBS
        from PACKAGE.models import Base
        from PACKAGE.permissions import PERMISSIONS
        from PACKAGE.privacy import PERSONAL_DATA
        from PACKAGE.provides import Lending
        from PACKAGE.routes import blueprint
        from PACKAGE.sample_data import make_sample_data
        from PACKAGE.settings import LoansSettings

        feature = Feature(
            name="loans",
            summary="Books that members borrow.",
            blueprints=[blueprint],
            metadata=Base.metadata,
            offers=[Offer(Lending, "1.0", Lending)],
            publishes=PUBLISHES,
            handles=HANDLES,
            expansions=EXPANSIONS,
            jobs=JOBS,
            glue=[Glue(when=["orders"], handles=LATER)],
            settings=LoansSettings,
            permissions=PERMISSIONS,
            cli=commands,
            personal_data=PERSONAL_DATA,
            sample_data=make_sample_data,
        )
    """,
    "cli.py": "import click\n\ncommands = click.Group()\n",
    "events.py": """
        from mercato_kit.events import Handler

        def end_loan(event): ...

        def lend_what_was_bought(event): ...

        PUBLISHES = ["loan.made"]
        HANDLES = [Handler("order.canceled", end_loan)]
        LATER = [Handler("order.paid", lend_what_was_bought)]
    """,
    "expansions.py": """
        from marshmallow import Schema
        from mercato_kit.feature import Expansion

        class Shelves: ...

        def count_loans(ids): ...

        EXPANSIONS = [Expansion(Shelves, "book", "loans", Schema, "Loans of a book.", count_loans)]
    """,
    "jobs.py": """
        from mercato_kit.jobs import Job
        from PACKAGE import services

        JOBS = [Job("remind", services.remind, every_seconds=60)]
    """,
    "models.py": """
        from sqlalchemy import orm

        Base = orm.declarative_base()
    """,
    "permissions.py": "PERMISSIONS = {'loans.read': 'See all loans'}\n",
    "privacy.py": """
        from mercato_kit.privacy import PersonalData

        PERSONAL_DATA = PersonalData(columns={})
    """,
    "provides.py": "class Lending: ...\n",
    "routes.py": """
        from mercato_kit.http import Blueprint

        blueprint = Blueprint("loans", __name__)
    """,
    "sample_data.py": "def make_sample_data(samples): ...\n",
    "services/__init__.py": "from PACKAGE.services.reminders import remind\n",
    "services/reminders.py": "def remind(): ...\n",
    "settings.py": """
        from mercato_kit.settings import Settings

        class LoansSettings(Settings): ...
    """,
}
CHECKS = [
    shape.misplaced_manifest,
    shape.misnamed_parts,
    shape.misplaced_parts,
    shape.bypassed_services,
]
NAMES = [
    ("metadata", "models", "Base"),
    ("publishes", "events", "PUBLISHES"),
    ("handles", "events", "HANDLES"),
    ("expansions", "expansions", "EXPANSIONS"),
    ("jobs", "jobs", "JOBS"),
    ("permissions", "permissions", "PERMISSIONS"),
    ("cli", "cli", "commands"),
    ("personal_data", "privacy", "PERSONAL_DATA"),
    ("sample_data", "sample_data", "make_sample_data"),
]


@pytest.fixture
def find(tmp_path, monkeypatch):
    """Return a function that installs a feature and returns what a check finds in it.

    ``PACKAGE`` stands for the package's name in the answer, too.
    """
    monkeypatch.syspath_prepend(tmp_path)

    def find(check, files):
        package = wheels.install_package(tmp_path, "loans", files)
        feature = import_module(f"{package}.feature").feature
        return [line.replace(package, "PACKAGE") for line in check(feature)]

    return find


def without(*parts):
    """Return the valid feature after changes: (path, old text, new text)."""
    files = dict(GOOD)
    for path, old, new in parts:
        assert old in files[path]
        files[path] = files[path].replace(old, new)
    return files


@pytest.mark.parametrize("check", CHECKS)
def test_good_features_pass(find, check):
    """A feature with every part in its module passes."""
    assert find(check, GOOD) == []


@pytest.mark.parametrize("check", CHECKS)
def test_small_features_pass(find, check):
    """A feature needs no modules for parts that it does not have."""
    small = "from mercato_kit.feature import Feature\nfeature = Feature(name='loans', summary='')\n"

    assert find(check, {"feature.py": small}) == []


class TestMisplacedManifest:
    def test_finds_a_manifest_outside_of_a_package(self, tmp_path, monkeypatch):
        """The entry point must name the package's module feature."""
        monkeypatch.syspath_prepend(tmp_path)
        wheels.install(tmp_path, "loans", wheels.GOOD.format(name="loans"), module="loans_alone")
        feature = import_module("loans_alone").feature

        found = list(shape.misplaced_manifest(feature))

        assert found == [
            "loans = loans_alone:feature: move the manifest to PACKAGE.feature:feature"
        ]

    def test_finds_what_else_its_module_defines(self, find):
        """The module of the manifest must define nothing else."""
        files = without(
            ("feature.py", "feature = Feature(", "LIMIT = 3\n        feature = Feature(")
        )

        (found,) = find(shape.misplaced_manifest, files)

        assert found.startswith("feature.py:")
        assert found.endswith("move this to another module of PACKAGE")


class TestMisnamedParts:
    @pytest.mark.parametrize(("member", "module", "name"), NAMES)
    def test_finds_another_name(self, find, member, module, name):
        """Each part must have its standard name, which the message gives."""
        files = without(
            (f"{module}.py", name, f"Other{name}"),
            ("feature.py", f"import {name}\n", f"import Other{name} as {name}\n"),
        )

        (found,) = find(shape.misnamed_parts, files)

        expected = "Base.metadata" if name == "Base" else name
        assert found == f"{member}: define it in PACKAGE.{module} as {expected}"

    def test_finds_another_module(self, find):
        """Jobs must not be in the module of events."""
        files = without(("feature.py", "PACKAGE.jobs", "PACKAGE.events"))
        files["events.py"] += files.pop("jobs.py")

        assert find(shape.misnamed_parts, files) == ["jobs: define it in PACKAGE.jobs as JOBS"]

    def test_finds_a_copy(self, find):
        """The manifest must import lists, and not repeat them."""
        files = without(("feature.py", "publishes=PUBLISHES", "publishes=[*PUBLISHES]"))

        assert find(shape.misnamed_parts, files) == [
            "publishes: the manifest must import PUBLISHES from PACKAGE.events"
        ]

    def test_finds_what_the_manifest_leaves_out(self, find):
        """The manifest must list all handlers; others would never be called."""
        files = without(("feature.py", "handles=HANDLES", "handles=()"))

        assert find(shape.misnamed_parts, files) == [
            "handles: the manifest must import HANDLES from PACKAGE.events"
        ]


class TestMisplacedParts:
    @pytest.mark.parametrize(
        ("member", "module", "shown"),
        [
            ("settings", "settings", "LoansSettings"),
            ("offers", "provides", "Lending"),
            ("blueprints", "routes", "<Blueprint"),
        ],
    )
    def test_finds_another_module(self, find, member, module, shown):
        """Settings, providers and routes must be in their modules."""
        files = without(("feature.py", f"PACKAGE.{module} ", "PACKAGE.elsewhere "))
        files["elsewhere.py"] = files.pop(f"{module}.py")

        (found,) = find(shape.misplaced_parts, files)

        assert found.startswith(f"{member}: {shown}")
        assert found.endswith(f"is not in PACKAGE.{module}: move it there")

    def test_finds_a_decorator(self, find):
        """Decorators must be in the module of providers, too."""
        files = without(
            ("feature.py", "PACKAGE.provides ", "PACKAGE.elsewhere "),
            ("feature.py", "import Offer", "import Decorates"),
            ("feature.py", "offers=[Offer(", "decorates=[Decorates("),
        )
        files["elsewhere.py"] = files.pop("provides.py")

        (found,) = find(shape.misplaced_parts, files)

        assert found == "decorates: Lending is not in PACKAGE.provides: move it there"

    def test_finds_a_handler_of_glue(self, find):
        """Handlers of glue must be in the module of handlers, too."""
        files = without(
            ("events.py", "def lend_what_was_bought(event): ...", ""),
            ("events.py", "lend_what_was_bought", "lending.lend_what_was_bought"),
            (
                "events.py",
                "import Handler\n",
                "import Handler\n        from PACKAGE import lending\n",
            ),
        )
        files["lending.py"] = "def lend_what_was_bought(event): ...\n"

        assert find(shape.misplaced_parts, files) == [
            "handles: lend_what_was_bought is not in PACKAGE.events: move it there"
        ]

    def test_finds_what_an_expansion_calls(self, find):
        """The function of an expansion must be in the module of expansions."""
        files = without(
            ("expansions.py", "def count_loans(ids): ...", "from PACKAGE import counting"),
            ("expansions.py", "count_loans)", "counting.count_loans)"),
        )
        files["counting.py"] = "def count_loans(ids): ...\n"

        assert find(shape.misplaced_parts, files) == [
            "expansions: count_loans is not in PACKAGE.expansions: move it there"
        ]


class TestBypassedServices:
    @pytest.mark.parametrize(
        "statement",
        [
            "from PACKAGE.services.reminders import remind",
            "from PACKAGE.services import remind",
            "import PACKAGE.services.reminders",
        ],
    )
    def test_finds_it(self, find, statement):
        """Other modules must call services.remind(), whether services are one file or a folder."""
        files = without(("routes.py", "blueprint = ", f"{statement}\n        blueprint = "))

        (found,) = find(shape.bypassed_services, files)

        assert found.startswith("routes.py:")
        assert found.endswith("from PACKAGE import services, and call services.…")
