"""Features that answer a contract on top of each other."""

import pytest

from mercato_composition.features.plan import compose
from mercato_kit import services
from mercato_kit.feature import Decorates, Glue, Need, Offer

from .greeting import Greeting, hello, salute
from .manifests import codes, feature, planned, rendered
from .tips import Tip, Tips, tipping


class Loud:
    def __init__(self, below):
        self.below = below

    def greet(self):
        """Fit the contract."""
        return self.below.greet().upper()


class Twice:
    def __init__(self, below):
        self.below = below

    def greet(self):
        """Fit the contract, too."""
        return f"{self.below.greet()} {self.below.greet()}"


def decorating(name="loud", factory=Loud, version="1.1", **parts):
    """Return a feature that decorates greetings."""
    return feature(name, decorates=[Decorates(Greeting, version, factory)], **parts)


TWICE = decorating("twice", Twice)


def outermost(*names):
    """Return the values of a deployment that orders the decorators of greetings."""
    return {"decorators": {"greeting": list(names)}}


def names_in(found):
    """Return the names in the stack of greetings."""
    return [one.name for one in found.answers[Greeting]]


class TestStack:
    def test_is_on_top_of_the_chosen_one(self, client_of):
        """The outermost decorator answers; each is given what is below it."""
        client = client_of(
            hello(),
            salute(),
            decorating(),
            TWICE,
            capabilities={"greeting": "salute"},
            decorators={"greeting": ["twice", "loud"]},
        )

        with client.application.app_context():
            assert services.get(Greeting).greet() == "SALUTE SALUTE"
            assert services.chosen(Greeting).name == "salute"

    def test_starts_from_below(self):
        """A decorator starts after what is below it, and who needs the contract after it."""
        asks = feature("asks", needs=[Need(Greeting, ">=1,<2")])
        itself = decorating(needs=[Need(Greeting, ">=1,<2")])

        found = planned(asks, itself, hello())

        assert found.faults == ()
        assert [one.name for one in found.features] == ["hello", "loud", "asks"]

    @pytest.mark.provokes("K109")
    def test_answers_in_the_version_of_the_outermost(self):
        """K109: the version of what is below does not count."""
        asks = feature("asks", needs=[Need(Greeting, ">=1,<2")])

        found = planned(hello(), decorating(version="2.0"), asks)

        assert codes(found) == ["K109"]
        assert "2.0 from 'loud'" in found.faults[0].what

    @pytest.mark.provokes("K110")
    def test_may_be_a_ring(self):
        """K110 says that the reason is a decorator."""
        circular = hello(needs=[Need(Loud, ">=1")])
        offers = [Offer(Loud, "1.0", object)]

        found = planned(circular, decorating(offers=offers))

        [ring] = [fault for fault in found.faults if fault.code == "K110"]
        assert "loud -> hello because loud decorates greeting" in ring.what

    def test_is_glued(self):
        """A decorator in glue is on only where what it waits for is."""
        glue = [Glue(when=[Need(Greeting, ">=1")], decorates=[Decorates(Greeting, "1.0", Loud)])]

        assert planned(feature("loud", glue=glue)).faults == ()
        assert names_in(planned(feature("loud", glue=glue), hello())) == ["loud", "hello"]


class TestNothingBelow:
    @pytest.mark.provokes("K121")
    def test_is_refused(self):
        """K121: a decorator without a provider below it."""
        found = planned(decorating(), decorating("other"))

        assert rendered(found).startswith(
            "error[K121] 'loud' (handed to create_app)\n"
            "    decorates greeting 1.1, and no enabled feature offers greeting: "
            "there is nothing below it.\n"
            "    fix: install a feature that offers greeting, and add it to deployment.toml"
        )

    @pytest.mark.provokes("K121")
    def test_leaves_out_an_optional_one(self, deployment):
        """A feature that the deployment can do without is left out for it."""
        found = compose(deployment(features={"loud": {"required": False}}), [decorating()])

        assert [*found.left_out] == ["loud"]
        assert found.fits


class TestOrder:
    @pytest.mark.provokes("K122")
    def test_has_to_be_said(self):
        """K122: two decorators, and the file does not say which is outermost."""
        found = planned(hello(), TWICE, decorating())

        assert rendered(found) == (
            "error[K122] contract greeting\n"
            "    2 enabled features decorate it, and their order decides the answer: "
            "'loud' (handed to create_app), 'twice' (handed to create_app).\n"
            '    fix: write greeting = ["loud", "twice"] in [decorators] of deployment.toml'
        )

    @pytest.mark.provokes("K122")
    def test_has_to_be_of_all(self):
        """K122: a list that leaves a decorator out is completed."""
        found = planned(hello(), TWICE, decorating(), values=outermost("twice"))

        assert codes(found) == ["K122"]
        assert '["twice", "loud"]' in found.faults[0].fix
        assert planned(hello(), TWICE, decorating(), values=outermost("twice", "loud")).fits

    @pytest.mark.provokes("K203")
    @pytest.mark.provokes("K202")
    def test_names_what_is_there(self):
        """K203, K202: a contract that none decorates, and a feature that does not."""
        unknown = planned(hello(), decorating(), values={"decorators": {"greetings": ["loud"]}})
        other = planned(hello(), decorating(), values=outermost("loud", "hello"))

        assert codes(unknown) == ["K203"]
        assert "no enabled feature decorates a contract 'greetings'." in unknown.faults[0].what
        assert codes(other) == ["K202"]
        assert "greeting names 'hello': no enabled feature decorates" in other.faults[0].what


class TestManifest:
    @pytest.mark.provokes("K106")
    def test_many_answers_are_not_decorated(self):
        """K106: a contract that many answer; the fix is the offer to write instead."""
        wrong = feature("points", decorates=[Decorates(Tips, "1.0", Tip)])

        assert rendered(planned(wrong)) == (
            "error[K106] 'points' (handed to create_app)\n"
            "    decorates[0]: tips has many answers; only a contract with one can be decorated.\n"
            "    fix: tell the maintainers of 'points' (handed to create_app): "
            'Offer(Tips, "1.0", Tip)'
        )

    @pytest.mark.provokes("K106")
    @pytest.mark.parametrize(
        ("parts", "what"),
        [
            ({"decorates": [Decorates(Greeting, "x", Loud)]}, "decorates[0].version is 'x'"),
            ({"decorates": [Decorates(Greeting, "1.0", None)]}, "decorates[0].factory is None"),
            ({"decorates": [Decorates(Greeting, "1.0", Loud)] * 2}, "decorates[1].contract is"),
            ({"decorates": [Offer(Greeting, "1.0", Loud)]}, "decorates[0] is Offer"),
            ({"offers": [Offer(Tips, "1.0", Tip, name="10 %")]}, "offers[0].name is '10 %'"),
            ({"offers": [Offer(Tips, "1.0", Tip, name="skip")]}, "offers[0].name is 'skip'"),
            ({"offers": [Offer(Greeting, "1.0", Loud, remote=True)]}, "offers[0].remote is True"),
            ({"needs": [Need(Greeting, ">=1", -1)]}, "needs[0].at_least is -1"),
            ({"needs": [Need(Greeting, ">=1", "1")]}, "needs[0].at_least is '1'"),
        ],
    )
    def test_is_checked(self, parts, what):
        """K106: wrong types, versions and names; a remote provider of a local contract."""
        found = planned(feature("points", **parts))

        assert codes(found) == ["K106"]
        assert found.faults[0].what.startswith(what)

    @pytest.mark.provokes("K113")
    @pytest.mark.parametrize(
        ("factory", "what"),
        [
            (Tip, "the decorator of greeting cannot be called with the provider below it"),
            (lambda below: object(), "greeting.greet is missing"),
            (lambda below: below.none, "greeting cannot be checked: its factory failed"),
        ],
    )
    def test_a_decorator_is_bound(self, factory, what):
        """K113: what a decorator makes has to fit; its factory takes the one below."""
        found = planned(hello(), decorating(factory=factory))

        assert codes(found) == ["K113"]
        assert found.faults[0].what.startswith(what)

    @pytest.mark.provokes("K113")
    def test_each_offer_is_bound(self):
        """K113 is also about offers that do not answer."""
        wrong = feature("wrong", offers=[Offer(Tips, "1.0", object)])

        found = planned(tipping("right"), wrong, values={"capabilities": {"tips": ["right"]}})

        assert codes(found) == ["K113"]
