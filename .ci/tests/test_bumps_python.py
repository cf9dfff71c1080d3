"""What others notice of a change of the public Python of a package."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from .orchard import ROOT

PROGRAM = ROOT / ".ci/programs/compare_python.py"


@pytest.fixture
def compare(tmp_path):
    """Offer a function that compares the files of a package, before and after, by their paths."""

    def write(files):
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        for path, code in files.items():
            file = folder / "fruit" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(code)
        return str(folder)

    def run(before, after):
        folders = [write(before), write(after)]
        command = [sys.executable, "-I", str(PROGRAM), *folders, "fruit"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return [f"{level} {what}" for level, what in json.loads(done.stdout)]

    return run


@pytest.fixture
def compare_code(compare):
    """Offer a function that compares the code of one public module, before and after."""

    def run(before, after):
        empty = {"__init__.py": ""}
        return compare(empty | {"apples.py": before}, empty | {"apples.py": after})

    return run


FEW = "def peel(apple): pass\n"
MORE = "def peel(apple, knife=None): pass\n"
PROTOCOL = "from typing import Protocol\nclass Tree(Protocol):\n    def grow(self) -> int: ...\n"
DATA = "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Core:\n    seeds: int\n"


class TestCompare:
    @pytest.mark.parametrize("code", [FEW, MORE, PROTOCOL, DATA, "SEEDS = 4\n"])
    def test_says_nothing_of_what_is_the_same(self, compare_code, code):
        """A comment or a line number is no change."""
        assert compare_code(code, f"# Fruit.\n\n{code}") == []

    def test_says_nothing_of_a_type_that_was_not_there(self, compare_code):
        """Who says more than before breaks nobody."""
        assert compare_code(FEW, "def peel(apple: str) -> int: pass\n") == []

    def test_says_nothing_of_how_something_is_made(self, compare_code):
        """What is made by code may be made in another way: a manifest, a blueprint, a logger."""
        assert compare_code('tree = Tree("apple")\n', 'tree = Tree("apple", words="Red.")\n') == []

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            (FEW, "", "major fruit.apples.peel: public object was removed"),
            (MORE, FEW, "major fruit.apples.peel(knife): parameter was removed"),
            (FEW, FEW.replace("e)", "e, tool)"), "major fruit.apples.peel(tool): parameter was"),
            (FEW, "peel = 1\n", "major fruit.apples.peel: public object points to a different"),
            (DATA, f"{DATA}    skin: str\n", "major fruit.apples.Core.__init__(skin): parameter"),
        ],
    )
    def test_finds_what_breaks(self, compare_code, before, after, said):
        """Code that was right would no longer work."""
        found = compare_code(before, after)

        assert any(line.startswith(said) for line in found), found

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            ("", FEW, "minor fruit.apples.peel: new function"),
            ("", "SEEDS = 4\n", "minor fruit.apples.SEEDS: new attribute"),
            ("", "class Core: pass\n", "minor fruit.apples.Core: new class"),
            (FEW, MORE, "minor fruit.apples.peel(knife): new parameter"),
            (DATA, f"{DATA}    skin: str = ''\n", "minor fruit.apples.Core.skin: new attribute"),
            (MORE, MORE.replace("None", "1"), "minor fruit.apples.peel(knife): parameter default"),
            (
                "SEEDS: int = 4\n",
                "SEEDS: float = 4\n",
                "minor fruit.apples.SEEDS: another type: int -> float",
            ),
            ("SEEDS = 4\n", "SEEDS = 5\n", "minor fruit.apples.SEEDS: another value: 4 -> 5"),
            (
                "def peel(apple: str) -> int: pass\n",
                "def peel(apple: str) -> str: pass\n",
                "minor fruit.apples.peel: another return type: int -> str",
            ),
        ],
    )
    def test_finds_what_is_new(self, compare_code, before, after, said):
        """Code that was right stays right, and more is possible, or other."""
        found = compare_code(before, after)

        assert any(line.startswith(said) for line in found), found
        assert not any(line.startswith("major") for line in found), found

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
        """A new member without a default breaks whoever answers the Protocol."""
        (found,) = compare_code(PROTOCOL, PROTOCOL + member)

        assert found.startswith(f"{level} fruit.apples.Tree.")

    def test_takes_a_new_parameter_of_a_protocol_for_a_break(self, compare_code):
        """Whoever answers it does not know the parameter, optional or not."""
        after = PROTOCOL.replace("(self)", "(self, years: int = 1)")

        assert compare_code(PROTOCOL, after) == [
            "major fruit.apples.Tree.grow(years): new parameter"
        ]

    def test_takes_an_abstract_method_for_a_break(self, compare_code):
        """Whoever wrote a subclass can no longer make one."""
        before = "import abc\nclass Tree(abc.ABC):\n    pass\n"
        after = f"{before}    @abc.abstractmethod\n    def grow(self): pass\n"

        assert compare_code(before, after) == ["major fruit.apples.Tree.grow: new function"]

    def test_lets_fixtures_and_tests_ask_for_others(self, compare_code):
        """Only pytest calls them, by the names of their parameters."""
        before = "import pytest\n@pytest.fixture\ndef tree(): pass\ndef test_tree(): pass\n"
        after = before.replace("tree()", "tree(soil)")

        assert compare_code(before, after) == []
        assert compare_code(before, "") != []


class TestWhatIsPublic:
    @pytest.mark.parametrize("private", ["_core.py", "0001_initial.py", "seeds/_core.py"])
    def test_no_underscore_and_a_name(self, compare, private):
        """What cannot be imported by its name, or is not meant to be, may change."""
        package = {"__init__.py": "", "seeds/__init__.py": ""}

        assert compare(package | {private: FEW}, package) == []

    def test_a_module_is(self, compare):
        """A module without an underscore is for others, wherever it is."""
        package = {"__init__.py": "", "seeds/__init__.py": ""}
        whole = package | {"seeds/core.py": FEW}

        assert compare(whole, package) == ["major fruit.seeds.core: public object was removed"]
        assert compare(package, whole) == ["minor fruit.seeds.core: new module"]

    def test_all_names_what_is(self, compare):
        """Where a package has an ``__all__``, nothing else of it is for others."""
        package = {"__init__.py": '__all__ = ["apples"]\n', "apples.py": FEW}
        others = {"pears.py": FEW, "kinds/__init__.py": "", "kinds/red.py": FEW}

        assert compare(package | others, package) == []
        assert compare(package | others, {"__init__.py": ""}) != []

    def test_a_name_from_elsewhere_is_not(self, compare):
        """What a module imports is not its own, unless ``__all__`` says so."""
        package = {"__init__.py": "", "apples.py": "from fruit._core import peel\n"}

        hidden = compare(package | {"_core.py": FEW}, package | {"_core.py": MORE})

        package["apples.py"] += '__all__ = ["peel"]\n'
        shown = compare(package | {"_core.py": FEW}, package | {"_core.py": MORE})

        assert hidden == []
        assert shown == ["minor fruit._core.peel(knife): new parameter"]
