"""Faults: their order, their keys and how they are printed."""

import pytest

from mercato_composition.faults import (
    DeploymentError,
    Fault,
    Outside,
    Place,
    in_order,
    mercato,
    render,
)
from mercato_composition.faults.documents import as_document, from_document

HERE = Place(name="here")


def fault(code, place=HERE, **parts):
    """Return a fault with little in it."""
    return Fault(code, place, "so", (Outside("that"),), **parts)


class TestRender:
    def test_has_the_form_operators_know(self):
        """Code and place, what is wrong and what to do are on separate lines."""
        found = Fault(
            "K108",
            Place(feature="orders", distribution="mercato-orders", version="2.4.0"),
            "needs stock >=1.1,<2, which no enabled feature offers.",
            (Outside("add [features.products] to deployment.toml (installed, not enabled)"),),
        )

        text = render([found])

        assert text == (
            "error[K108] mercato-orders 2.4.0 ('orders')\n"
            "    needs stock >=1.1,<2, which no enabled feature offers.\n"
            "    fix: add [features.products] to deployment.toml (installed, not enabled)"
        )

    def test_marks_the_mistake_in_its_line(self):
        """A caret stands below the column, and what is wrong beside it."""
        place = Place("shop.toml", 2, 5, excerpt="  [server")

        text = render([Fault("K100", place, "']' is missing.\nIts keys were not read.")])

        assert text == (
            "error[K100] shop.toml:2:5\n"
            "    [server\n"
            "      ^ ']' is missing.\n"
            "    Its keys were not read."
        )

    def test_marks_a_whole_value(self):
        """Carets stand below all of a value whose end is known."""
        place = Place("shop.toml", 2, 8, 13, excerpt='port = "abc"')

        assert '    port = "abc"\n           ^^^^^ so' in render([fault("K202", place)])

    def test_shows_each_way_out(self):
        """Each of several fixes has a line."""
        two = Fault("K111", HERE, "so", (Outside("this", "choice"), Outside("that", "choice")))

        assert render([two]).endswith("\n    fix: this\n    or: that")

    def test_shows_the_steps_of_one_way(self):
        """A fix that has two steps says which comes first."""
        two = Fault("K205", HERE, "so", (Outside("this"), Outside("that", "fill")))

        assert render([two]).endswith("\n    fix: this\n    then: that")

    def test_says_what_was_assumed(self):
        """A fault that holds only if something is true says so."""
        assumed = fault("K312", assumes="environment = 'production'")

        assert "\n    assumed: environment = 'production'\n" in render([assumed])


class TestKey:
    @pytest.mark.parametrize(
        ("place", "key"),
        [
            (Place("shop.toml", 3, path=("server", "port")), "K202@server.port"),
            (Place("shop.toml", path=("features", "userz")), "K202@features.userz"),
            (
                Place("shop.toml", 9, path=("features", "users", "settings", "mail")),
                "K202@users.mail",
            ),
            (Place(variable="FLASK_DEBUG"), "K202@FLASK_DEBUG"),
            (Place(feature="orders", distribution="mercato-orders", version="1"), "K202@orders"),
            (Place(name="database"), "K202@database"),
            (Place(file="shop.toml"), "K202"),
        ],
    )
    def test_is_code_and_place(self, place, key):
        """The key has the path of the value, else the variable, the feature or the name."""
        assert fault("K202", place).key == key

    def test_tells_two_at_one_place_apart(self):
        """A mark is a part of the key."""
        assert fault("K205", mark="known").key == "K205@here#known"


class TestDeploymentError:
    def test_tells_root_causes_first_and_warnings_last(self):
        """Possible causes come before other faults, warnings last."""
        faults = [fault(code) for code in ["K401", "K108", "K201", "K103"]]
        warning = fault("K101", severity="warning")

        error = DeploymentError([warning, *faults])

        assert [one.code for one in error.faults] == ["K201", "K103", "K108", "K401", "K101"]

    def test_puts_settings_of_the_host_before_those_of_features(self):
        """Behind the file come the host's settings, what keeps features out, then theirs."""
        of_feature = Place("shop.toml", 9, path=("features", "users", "settings", "mail"))
        faults = [fault("K202", of_feature), fault("K101"), fault("K207"), fault("K100")]

        assert [one.code for one in in_order(faults)] == ["K100", "K207", "K101", "K202"]

    def test_tells_what_one_fix_ends_in_one_block(self):
        """Faults of one place and fix become one fault, with what each says."""
        two = [Fault("K108", HERE, what, (Outside("that"),)) for what in ("a\nb", "c\nb")]

        [one] = in_order(two)

        assert one.what == "a\nb\nc"

    def test_tells_each_once(self):
        """A fault that two checks report is printed once."""
        twice = [fault("K108", cause=ValueError(number)) for number in (1, 2)]

        assert DeploymentError(twice).faults == (twice[0],)

    def test_sorts_lines_by_their_numbers(self):
        """Line 8 comes before line 10, and a place without a line before both."""
        places = [Place("shop.toml", 10), Place("shop.toml", 8), Place("shop.toml")]

        error = DeploymentError([fault("K202", place) for place in places])

        assert [one.where for one in error.faults] == ["shop.toml", "shop.toml:8", "shop.toml:10"]


class TestFollowUps:
    def test_name_what_they_follow_from(self):
        """A fault that follows from another one names it, and comes after it."""
        cause = fault("K401", Place(name="there"), feature="reviews")
        effect = fault("K108", follows=("reviews",))

        text = render(in_order([effect, cause]))

        assert text == (
            "error[K401] there\n    so\n    fix: that\n"
            "error[K108] here\n    so\n    follows from K401 of reviews\n    fix: that"
        )

    def test_name_only_faults_that_are_printed(self):
        """No cause is named if the other feature has no faults."""
        assert "follows" not in render([fault("K108", follows=("reviews",))])


class TestDocuments:
    def test_are_read_back(self):
        """A fault that was written as JSON is read back as it was."""
        place = Place("shop.toml", 3, 8, 13, ("server", "port"), excerpt="port = 1")
        written = Fault("K202", place, "so\nand so", (Outside("that"), mercato("lock")))

        assert from_document(as_document(written)) == written

    def test_of_a_newer_release(self):
        """What this release does not know is ignored; a fix of an unknown kind shows its text."""
        document = as_document(fault("K202")) | {"severity": "warning", "new": 1}
        document["place"]["newer"] = 1
        document["fixes"] = [{"kind": "wizard", "certainty": "sure", "text": "ask it", "spell": 1}]

        read = from_document(document)

        assert (read.severity, read.fixes) == ("warning", (Outside("ask it"),))
