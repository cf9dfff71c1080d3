"""The version bump that a change of a package's public Python needs."""

import tempfile
from pathlib import Path

import pytest

from surfaces.python import describe_python

from .differences import differences


@pytest.fixture
def compare(tmp_path):
    """Return a function that compares two versions of a package, given as files by path."""

    def describe(files):
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        for path, code in files.items():
            file = folder / "fruit" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(code)
        return describe_python(folder, "fruit")

    def run(before, after):
        found = differences("python", describe(before), describe(after))
        return [line.replace(" > .", ".").replace(" > (", "(") for line in found]

    return run


@pytest.fixture
def compare_code(compare):
    """Return a function that compares two versions of a public module."""

    def run(before, after):
        empty = {"__init__.py": ""}
        return compare(empty | {"apples.py": before}, empty | {"apples.py": after})

    return run


FEW = "def peel(apple): pass\n"
MORE = "def peel(apple, knife=None): pass\n"
PROTOCOL = "from typing import Protocol\nclass Tree(Protocol):\n    def grow(self) -> int: ...\n"
DATA = "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Core:\n    seeds: int\n"


BASE = "class _Plant:\n    def water(self): pass\nclass Tree(_Plant): pass\n"

# Before, after, and all differences.
CHANGES = {
    "something less": (FEW, "", ["major peel is gone"]),
    "a parameter less": (MORE, FEW, ["major peel(knife) is gone"]),
    "a parameter to pass": (FEW, FEW.replace("e)", "e, tool)"), ["major peel(tool) is new"]),
    "a parameter that must be passed": (
        MORE,
        MORE.replace("=None", ""),
        ["major peel(knife) > default is gone", "major peel(knife) > required is new"],
    ),
    "another order": (
        "def peel(apple, knife): pass\n",
        "def peel(knife, apple): pass\n",
        ["major peel(apple) > place was 0, is 1", "major peel(knife) > place was 1, is 0"],
    ),
    "by name only": (
        FEW,
        FEW.replace("(apple", "(*, apple"),
        [
            "major peel(apple) > kind was positional or keyword, is keyword-only",
            "major peel(apple) > place is gone",
        ],
    ),
    "no return type": (
        "def peel() -> int: pass\n",
        "def peel(): pass\n",
        ["major peel > returns is gone"],
    ),
    "something else": (
        FEW,
        "peel = 1\n",
        ["major peel(apple) is gone", "major peel > kind was function, is attribute"],
    ),
    "a field to pass": (
        DATA,
        f"{DATA}    skin: str\n",
        ["major Core.__init__(skin) is new", "minor Core.skin is new"],
    ),
    "no base": (
        "class Fruit: pass\nclass Apple(Fruit): pass\n",
        "class Fruit: pass\nclass Apple: pass\n",
        ['major Apple > bases > "Fruit" is gone'],
    ),
    "less of a base that is hidden": (
        BASE,
        BASE.replace("    def water(self): pass\n", "    pass\n"),
        ["major Tree.water is gone"],
    ),
    # Additions.
    "a function": ("", FEW, ["minor peel is new"]),
    "a constant": ("", "SEEDS = 4\n", ["minor SEEDS is new"]),
    "a class": ("", "class Core: pass\n", ["minor Core is new"]),
    "a parameter": (FEW, MORE, ["minor peel(knife) is new"]),
    "a field": (
        DATA,
        f"{DATA}    skin: str = ''\n",
        ["minor Core.__init__(skin) is new", "minor Core.skin is new"],
    ),
    "another default": (
        MORE,
        MORE.replace("None", "1"),
        ["minor peel(knife) > default was None, is 1"],
    ),
    "another type": (
        "SEEDS: int = 4\n",
        "SEEDS: float = 4\n",
        ["minor SEEDS > type was int, is float"],
    ),
    "another value": ("SEEDS = 4\n", "SEEDS = 5\n", ["minor SEEDS > value was 4, is 5"]),
    "another return type": (
        "def peel() -> int: pass\n",
        "def peel() -> str: pass\n",
        ["minor peel > returns was int, is str"],
    ),
    "a type that was not said": (
        FEW,
        "def peel(apple: str): pass\n",
        ["patch peel(apple) > type is new"],
    ),
    # The value of an object (a manifest, a blueprint, a logger) may change.
    "another way to make it": ('tree = Tree("a")\n', 'tree = Tree("a", words="Red.")\n', []),
    # Implementations of a Protocol lack a new parameter, even an optional one.
    "a parameter of a Protocol": (
        PROTOCOL,
        PROTOCOL.replace("(self)", "(self, years: int = 1)"),
        ["major Tree.grow(years) is new"],
    ),
    "a parameter of a Protocol that must be passed": (
        PROTOCOL.replace("(self)", "(self, years: int = 1)"),
        PROTOCOL.replace("(self)", "(self, years: int)"),
        ["major Tree.grow(years) > default is gone"],
    ),
    "an abstract method": (
        "import abc\nclass Tree(abc.ABC):\n    pass\n",
        "import abc\nclass Tree(abc.ABC):\n    @abc.abstractmethod\n    def grow(self): pass\n",
        ["major Tree.grow is new"],
    ),
    # Only pytest calls fixtures and tests.
    "a parameter of a fixture": (
        "import pytest\n@pytest.fixture\ndef tree(): pass\ndef test_tree(): pass\n",
        "import pytest\n@pytest.fixture\ndef tree(soil): pass\ndef test_tree(tree): pass\n",
        [],
    ),
    "no fixture": (
        "import pytest\n@pytest.fixture\ndef tree(): pass\n",
        "",
        ["major tree is gone"],
    ),
}


class TestCompare:
    @pytest.mark.parametrize("code", [FEW, MORE, PROTOCOL, DATA, "SEEDS = 4\n"])
    def test_says_nothing_of_what_is_the_same(self, compare_code, code):
        """Comments and line numbers are not changes."""
        assert compare_code(code, f"# Fruit.\n\n{code}") == []

    @pytest.mark.parametrize("name", CHANGES)
    def test_says_what_a_change_needs(self, compare_code, name):
        """A change that breaks valid code is major, an addition is minor."""
        before, after, said = CHANGES[name]

        found = compare_code(before, after)

        assert [line.replace("fruit.apples.", "") for line in found] == said

    def test_sees_a_change_at_the_end_of_a_long_value(self, compare_code):
        """A change in a long value is found."""
        long = f"WORDS = {['apple'] * 40}\n"

        (found,) = compare_code(long, long.replace("'apple']", "'pear']"))

        assert found.startswith("minor fruit.apples.WORDS > value was ")

    @pytest.mark.parametrize(
        ("member", "level"),
        [
            ("    def shade(self) -> int: ...\n", "major"),
            ('    def shade(self) -> int:\n        """How much?"""\n        ...\n', "major"),
            ("    def shade(self) -> int:\n        return 0\n", "minor"),
            ("    age: int\n", "major"),
            ("    age: int = 0\n", "minor"),
        ],
    )
    def test_asks_whether_those_who_write_a_protocol_must_follow(self, compare_code, member, level):
        """A new member of a Protocol without a default is major."""
        (found,) = compare_code(PROTOCOL, PROTOCOL + member)

        assert found.startswith(f"{level} fruit.apples.Tree.")


class TestWhatIsPublic:
    @pytest.mark.parametrize("private", ["_core.py", "0001_initial.py", "seeds/_core.py"])
    def test_no_underscore_and_a_name(self, compare, private):
        """Modules with an underscore or an invalid name are private."""
        package = {"__init__.py": "", "seeds/__init__.py": ""}

        assert compare(package | {private: FEW}, package) == []

    def test_a_module_is(self, compare):
        """A module without an underscore is public, in any folder."""
        package = {"__init__.py": "", "seeds/__init__.py": ""}
        whole = package | {"seeds/core.py": FEW}

        assert compare(whole, package) == ["major fruit.seeds.core is gone"]
        assert compare(package, whole) == ["minor fruit.seeds.core is new"]

    def test_all_names_what_is(self, compare):
        """In a package with ``__all__``, everything else is private."""
        package = {"__init__.py": '__all__ = ["apples"]\n', "apples.py": FEW}
        others = {"pears.py": FEW, "kinds/__init__.py": "", "kinds/red.py": FEW}

        assert compare(package | others, package) == []
        assert compare(package | others, {"__init__.py": ""}) != []

    def test_a_name_from_elsewhere_is_not(self, compare):
        """An imported name is private unless ``__all__`` lists it."""
        package = {"__init__.py": "", "apples.py": "from fruit._core import peel\n"}

        hidden = compare(package | {"_core.py": FEW}, package | {"_core.py": MORE})

        package["apples.py"] += '__all__ = ["peel"]\n'
        shown = compare(package | {"_core.py": FEW}, package | {"_core.py": MORE})

        assert hidden == []
        assert shown == ["minor fruit.apples.peel(knife) is new"]
