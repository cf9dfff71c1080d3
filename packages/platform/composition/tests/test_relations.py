"""The choice in [capabilities] between two features that offer one contract."""

import pytest

from mercato_composition.features.plan import compose
from mercato_kit.feature import Need, Offer

from .greeting import Greeting, Salute, asks, hello, salute
from .manifests import feature


def codes_and_texts(found):
    """Return codes and first lines of a plan's faults."""
    return [(fault.code, fault.severity, fault.what.splitlines()[0]) for fault in found.faults]


class TestCapabilities:
    @pytest.mark.parametrize(("name", "said"), [("hello", "hello"), ("salute", "salute")])
    def test_the_chosen_one_answers(self, client_of, name, said):
        """The operator's choice answers, in whatever order the features are given."""
        client = client_of(hello(), salute(), asks(), capabilities={"greeting": name})

        assert client.get("/v1/asks").json["greeting"] == said

    @pytest.mark.provokes("K109")
    def test_the_chosen_one_must_do(self, deployment):
        """K109: the chosen offer must fit, even if another one would."""
        needs = [Need(Greeting, ">=1,<2")]
        manifests = [hello(), salute(version="2.0"), asks(needs=needs)]

        found = compose(deployment(capabilities={"greeting": "salute"}), manifests)

        [(code, _, what)] = codes_and_texts(found)
        assert code == "K109"
        assert "2.0 from 'salute'" in what
        assert "hello" not in what

    def test_the_other_one_makes_no_ring(self, deployment):
        """A feature that was not chosen does not affect the order."""
        circular = hello(needs=[Need(Salute, ">=1")])
        offers = [Offer(Salute, "1.0", Salute)]
        back = feature("back", needs=[Need(Greeting, ">=1,<2")], offers=offers)

        manifests = [circular, salute(), back]

        assert compose(deployment(capabilities={"greeting": "salute"}), manifests).fits
        found = compose(deployment(capabilities={"greeting": "hello"}), manifests)
        assert "K110" in [fault.code for fault in found.faults]

    @pytest.mark.parametrize(
        ("id_", "name", "code", "what"),
        [
            ("greting", "hello", "K203", "Did you mean 'greeting'?"),
            ("greeting", "helo", "K202", "Did you mean 'hello'?"),
            ("greeting", "asks", "K202", "no enabled feature of this name offers greeting."),
        ],
    )
    def test_an_invalid_choice(self, deployment, id_, name, code, what):
        """K202, K203: a choice of an unknown feature or contract is a fault."""
        found = compose(deployment(capabilities={id_: name}), [hello(), asks()])

        [(its_code, severity, its_what)] = codes_and_texts(found)
        assert (its_code, severity) == (code, "error")
        assert what in its_what
