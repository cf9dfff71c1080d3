"""Each wrong deployment of ``wrong/``: every key in order, the text, and every fix executed."""

import pytest

from . import wrong_files
from .wrong_files import Place

CASES = wrong_files.cases()

OUTSIDE: set[str] = set()
"""The codes whose fix may be something outside: to tell maintainers, or to start a server."""


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
                assert_ended(fault["key"], said, copy.run(case.command), known)


def ways_of(said):
    """Give each way that ends a fault, with the fault."""
    return [(fault, way) for fault in said.faults for way in wrong_files.ways(fault)]


def assert_ended(key, before, after, known):
    """Check that a fault is gone, and that nothing new is there but what its fix reveals."""
    assert key not in after.keys
    assert set(after.keys) - set(before.keys) <= set(known.get("reveals", ()))
