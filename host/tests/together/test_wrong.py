"""Each wrong deployment of ``wrong/``: every key in order, the text, and every fix executed."""

import pytest

from . import wrong_files
from .wrong_files import Place

CASES = wrong_files.cases()

OUTSIDE = frozenset(
    # The maintainers of a feature have to change it.
    "K103 K105 K106 K107 K109 K110 K113 K118 K119 K125 K402 K405 K406 K407 K408 K409 K410 K420 "
    "K505 "
    # A server has to be started, or a program to be called otherwise.
    "K102 K120 K202 K206 K207 K208 K313 K503 "
    # Nothing that is installed offers it.
    "K108 K401 "
    # Somebody has to look at the data first.
    "K301 K303 K304 K305 K307 K308 K309 K310 K311 K501 K502 K506".split()
)
"""The codes whose fix may be neither an edit, a command nor a variable."""


@pytest.fixture(params=CASES)
def case(request):
    """A wrong deployment."""
    return CASES[request.param]


@pytest.fixture
def place(case, tmp_path):
    """The folder of a wrong deployment."""
    return Place.of(case, tmp_path / "shop")


class TestWrong:
    def test_is_said_and_ends_by_its_fixes(self, case, place, tmp_path):
        """Every fault is named in order and in these words; each of its fixes ends it alone."""
        said = place.run(case.command)
        if wrong_files.WRITE:
            wrong_files.write(case, said)
        else:
            assert said.keys == case.expect
            assert said.text == case.golden

        assert case.known.keys() <= set(said.keys), "fixes of a fault that is not there"
        for number, (fault, way) in enumerate(ways_of(said)):
            known = case.known.get(fault["key"], {})
            if any(fix["kind"] == "outside" for fix in way):
                assert fault["code"] in OUTSIDE or fault["follows"], fault["key"]
            elif "printed" not in known:
                copy = place.copy(tmp_path / f"way-{number}")
                for fix in way:
                    copy.apply(fix, known.get("fill", {}))
                assert_ended(fault["key"], said, copy.faults(case.command), known)


def ways_of(said):
    """Give each way that ends a fault, with the fault."""
    return [(fault, way) for fault in said.faults for way in wrong_files.ways(fault)]


def assert_ended(key, before, faults, known):
    """Check that a fault is gone or no error any more, and that its fix reveals nothing else."""
    was, after = ([one for one in some if one["key"] == key] for some in (before.faults, faults))
    is_milder = was[0]["severity"] == "error" and {one["severity"] for one in after} == {"warning"}
    assert len(after) < len(was) or is_milder, key
    assert {one["key"] for one in faults} - {*before.keys, *known.get("reveals", ())} == set()
