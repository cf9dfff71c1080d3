"""Checks are run on what is known."""

from mercato_composition.deployment.partial import Hole, Partial, UnknownError, known
from mercato_composition.features.facts import Facts

PORT = Hole("server.port", ("K202@server.port",))


def double(number: int):
    """Make a fact from another one."""
    return number * 2


def of_both(number: int, double: int):
    """Find something in two facts."""
    yield f"{number} and {double}"


def of_a_hole(port: "int | Hole"):
    """Find something although a fact may be a hole."""
    yield f"{port.what} is unknown"


class TestFacts:
    def test_are_made_from_facts_once(self):
        """A fact is made when it is asked for, and kept."""
        made = []

        def single():
            made.append(1)
            return 1

        facts = Facts({}, {"number": single, "double": double})

        assert facts.run([of_both, of_both]) == ["1 and 2", "1 and 2"]
        assert made == [1]

    def test_a_check_is_not_run_on_a_hole(self):
        """A hole silences the checks that name it or what is made from it, and is kept."""
        facts = Facts({"number": PORT}, {"double": double})

        assert facts.run([of_both, of_both]) == []
        assert facts.holes == {"server.port": PORT}

    def test_a_check_may_take_holes(self):
        """A check whose parameter is annotated as … | Hole is given holes."""
        facts = Facts({"port": PORT}, {})

        assert (facts.run([of_a_hole]), facts.holes) == (["server.port is unknown"], {})

    def test_a_check_ends_where_it_reads_a_hole(self):
        """What a check found before it read a hole is kept."""
        server = Partial("server", {"host": "::1", "port": PORT})

        def check(server: Partial):
            yield server.host
            yield server.port

        facts = Facts({"server": server}, {})

        assert (facts.run([check]), list(facts.holes)) == (["::1"], ["server.port"])

    def test_a_check_may_give_a_hole(self):
        """A check that goes on without a value gives its hole."""
        facts = Facts({}, {})

        assert facts.run([lambda: [PORT, "found"]]) == ["found"]
        assert list(facts.holes) == ["server.port"]

    def test_what_was_not_asked_for_is_not_missed(self):
        """A hole without a cause, such as a secret that is not needed, is not kept."""
        facts = Facts({"number": Hole("secret_key")}, {"double": double})

        assert (facts.run([of_both]), facts.holes) == ([], {})


class TestKnown:
    def test_a_hole_is_not_known(self):
        """A fact that is a hole cannot be taken for a value."""
        try:
            known(PORT)
        except UnknownError as error:
            found = error.hole

        assert (found, known(1)) == (PORT, 1)
