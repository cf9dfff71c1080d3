"""Each wrong deployment of ``wrong/``: every key in order, the text, and every fix executed."""

from uuid import uuid4

import pytest

from . import wrong_files
from .wrong_files import Place

CASES = wrong_files.cases()

OUTSIDE = frozenset(
    # The maintainers of a feature or of a host have to change it.
    "K103 K105 K106 K107 K109 K110 K113 K118 K125 K129 K313 K402 K405 K406 K407 K408 K409 K410 "
    "K420 K505 "
    # The file cannot say which of two things was meant: a key twice, settings that exclude others.
    "K102 K202 "
    # A server has to be started or configured, or an index to be corrected.
    "K119 K207 K208 K503 "
    # Another version, or a feature that is not installed, is needed from an index.
    "K108 K303 K307 "
    # Somebody has to look at the data or at a migration first.
    "K301 K304 K305 K308 K309 K310 K311".split()
)
"""The codes whose fix may be neither an edit, a command nor a variable, by the reason."""


@pytest.fixture(params=CASES)
def case(request):
    """A wrong deployment."""
    return CASES[request.param]


@pytest.fixture
def place(case, tmp_path, request):
    """The folder of a wrong deployment."""
    if not case.postgresql:
        yield Place.of(case, tmp_path / "shop")
        return
    server = request.getfixturevalue("postgresql")
    name = f"wrong_{uuid4().hex}"
    case.environ = {"MERCATO_DATABASE__URL": server.create_database(name), **case.environ}
    yield Place.of(case, tmp_path / "shop")
    server.drop_database(name)


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
