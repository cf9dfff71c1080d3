from datetime import timedelta

import pytest

from mercato_kit.db import new_id, session, utc_now
from mercato_products.models import (
    Reservation,
)

from . import factories

SOON = timedelta(minutes=15)


@pytest.mark.usefixtures("invariants")
class TestExtend:
    def test_extends_a_reservation(self, commit, stock):
        """The later expiry counts; an earlier one changes nothing."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference, later = commit(factories.hold, {variant: 3}), utc_now() + timedelta(hours=1)

        answers = [stock("extend", reference, later), stock("extend", reference, utc_now())]

        assert answers == [True, True]
        assert commit(lambda: session.get(Reservation, reference).expires_at) == later

    def test_returns_false_if_released(self, commit, stock):
        """A released or unknown reservation cannot be extended."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})
        stock("release", reference)

        answers = [stock("extend", each, utc_now() + SOON) for each in (reference, new_id())]

        assert answers == [False, False]


@pytest.mark.usefixtures("invariants")
class TestCommit:
    def test_commits_a_reservation(self, commit, stock, status):
        """A repeated call returns the same result."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})

        answers = [stock("commit", reference), stock("commit", reference)]

        assert (answers, status(reference)) == ([True, True], "committed")

    def test_returns_false_if_released(self, commit, stock):
        """A released or unknown reservation cannot be committed."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})
        stock("release", reference)

        assert [stock("commit", reference), stock("commit", new_id())] == [False, False]


@pytest.mark.usefixtures("invariants")
class TestRelease:
    def test_releases_all_remaining_units(self, commit, stock, read, status):
        """Released units are available again; a repeated call has no effect."""
        (variant,) = commit(factories.make_variants, stock=10)
        other, reference = (
            commit(factories.hold, {variant: 4}),
            commit(factories.hold, {variant: 3}),
        )

        stock("release", reference)
        stock("release", reference)

        assert (read(variant), status(reference), status(other)) == ((10, 4), "released", "held")

    def test_records_an_unknown_reference(self, commit, stock, read, status):
        """A reservation that arrives after its own release has no effect."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = new_id()

        stock("release", reference)
        answer = stock("reserve", reference, {variant: 1}, utc_now() + SOON)

        assert (answer, read(variant), status(reference)) == ("released", (10, 0), "released")

    def test_never_reserves_again(self, commit, stock, read):
        """A released reference cannot be reserved again."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.hold, {variant: 3})
        stock("release", reference)

        answer = stock("reserve", reference, {variant: 3}, utc_now() + SOON)

        assert (answer, read(variant)) == ("released", (10, 0))

    def test_releases_a_part_once(self, commit, stock, read, status):
        """A partial release happens once per variant; the rest stays reserved until released."""
        one, two = commit(factories.make_variants, 2, stock=10)
        reference = commit(factories.sell, {one: 3, two: 2})

        stock("release", reference, {one: 1})
        stock("release", reference, {one: 1})
        after_part = (read(one), read(two), status(reference))
        stock("release", reference)

        assert after_part == ((10, 2), (10, 2), "committed")
        assert (read(one), read(two), status(reference)) == ((10, 0), (10, 0), "released")

    def test_releases_a_part_again_under_another_number(self, commit, stock, read):
        """Each number releases its units of a variant, once."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 5})

        for sequence in (1, 1, 2, 0):
            stock("release", reference, {variant: 1}, sequence)

        assert read(variant) == (10, 2)

    def test_releases_all_again_under_another_number(self, commit, stock, read, status):
        """All remaining units are released once per number, with units that came back."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 1})
        stock("release", reference)
        stock("unship", reference, 1, {variant: 1})

        stock("release", reference)
        repeated = (read(variant), status(reference))
        stock("release", reference, None, 1)

        assert repeated == ((10, 1), "committed")
        assert (read(variant), status(reference)) == ((10, 0), "released")

    def test_closes_a_partially_shipped_reservation(self, commit, stock, read, status):
        """Releasing the rest of a partially shipped reservation closes it."""
        (variant,) = commit(factories.make_variants, stock=10)
        reference = commit(factories.sell, {variant: 3})
        stock("ship", reference, 1, {variant: 1})

        stock("release", reference)

        assert (read(variant), status(reference)) == ((9, 0), "closed")

    def test_releases_no_more_than_is_reserved(self, commit, stock, read, status):
        """Units and variants that are not reserved are ignored."""
        one, two = commit(factories.make_variants, 2, stock=10)
        reference = commit(factories.hold, {one: 3})

        stock("release", reference, {one: 99, two: 5})

        assert (read(one), read(two), status(reference)) == ((10, 0), (10, 0), "released")


class TestStatements:
    @pytest.mark.parametrize("verb", ["extend", "commit", "ship", "unship", "release", "restock"])
    def test_do_not_depend_on_the_number_of_lines(self, commit, stock, statements, verb):
        """Each method takes the same number of statements for 1 and for 20 lines: 6 at most."""
        counts = set()
        for lines in (1, 20):
            quantities = dict.fromkeys(commit(factories.make_variants, lines, stock=10), 2)
            reference = commit(factories.sell, quantities)
            if verb in ("unship", "restock"):
                stock("ship", reference, 1, quantities)
            arguments = {
                "extend": [utc_now() + SOON],
                "ship": [1, quantities],
                "unship": [1, quantities],
                "restock": [1, quantities],
            }
            with statements as sent:
                stock(verb, reference, *arguments.get(verb, []))
            counts.add(len(sent))

        assert len(counts) == 1, sent
        assert len(sent) <= 6, sent
