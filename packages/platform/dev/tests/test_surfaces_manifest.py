"""The version bump that a change of a manifest needs."""

import copy

import pytest
from hypothesis import given, settings, strategies as st

from .differences import check, differences

KIND = {"type": {"name": "choice", "choices": ["new", "old"]}, "nargs": 1, "opts": ["--kind"]}
COPIES = {"type": ["integer"], "minimum": 1, "maximum": 9, "default": "3"}
MANIFEST = {
    "features": ["books"],
    "settings": {"books.copies": COPIES, "books.shop": {"type": ["string"], "default": ""}},
    "permissions": ["books.write"],
    "publishes": ["book.added"],
    "referents": ["library.book"],
    "refusals": ["409 book_lent"],
    "hooks": ["sample_data of books"],
    "excludes": {},
    "needs": {"paper": ">=1,<3"},
    "offers": {"library": {"version": "1.1"}},
    "expansions": {
        "library.book stars": {"allow": "anyone", "public": True, "members": ["count: Integer"]}
    },
    "handles": {"books.write_down": {"topic": "user.erased", "versions": ["1"]}},
    "jobs": {"books.forget": {"every_seconds": 60}},
    "commands": {"mercato books": {}, "mercato books add": {"argument 1": {}, "--kind": KIND}},
}
"""The description of a feature with one of everything."""


def put(path, value):
    """Return the manifest with another value at *path*."""
    after = copy.deepcopy(MANIFEST)
    *way, last = path.split("/")
    part = after
    for step in way:
        part = part[step]
    part[last] = value
    return after


def drop(path):
    """Return the manifest without the value at *path*."""
    after = put(path, None)
    *way, last = path.split("/")
    part = after
    for step in way:
        part = part[step]
    del part[last]
    return after


COPIES_PLACE = "settings > books.copies"
ADD = "commands > mercato books add"

# The manifest after the change; its highest difference; and that of the opposite change.
CHANGES = {
    "a permission less": (
        put("permissions", []),
        'major permissions > "books.write" is gone',
        'minor permissions > "books.write" is new',
    ),
    "an event less": (
        put("publishes", []),
        'major publishes > "book.added" is gone',
        'minor publishes > "book.added" is new',
    ),
    "ids less": (
        put("referents", []),
        'major referents > "library.book" is gone',
        'minor referents > "library.book" is new',
    ),
    "another status of a refusal": (
        put("refusals", ["422 book_lent"]),
        'major refusals > "409 book_lent" is gone',
        'major refusals > "422 book_lent" is gone',
    ),
    "a hook less": (
        put("hooks", []),
        'major hooks > "sample_data of books" is gone',
        'minor hooks > "sample_data of books" is new',
    ),
    "another name": (
        put("features", ["tomes"]),
        'major features > "books" is gone',
        'major features > "tomes" is gone',
    ),
    "a setting less": (
        drop("settings/books.shop"),
        "major settings > books.shop is gone",
        "minor settings > books.shop is new",
    ),
    "a setting that must be set": (
        put("settings/books.key", {"type": ["string"], "required": True}),
        "major settings > books.key is new",
        "major settings > books.key is gone",
    ),
    "a setting that must be set now": (
        put("settings/books.copies", {**COPIES, "required": True}),
        f"major {COPIES_PLACE} > required is new",
        f"minor {COPIES_PLACE} > required is gone",
    ),
    "another type": (
        put("settings/books.copies/type", ["string"]),
        f'major {COPIES_PLACE} > type > "integer" is gone',
        f'major {COPIES_PLACE} > type > "string" is gone',
    ),
    "a wider range": (
        put("settings/books.copies/maximum", 99),
        f"minor {COPIES_PLACE} > maximum was 9, is 99",
        f"major {COPIES_PLACE} > maximum was 99, is 9",
    ),
    "a lower start": (
        put("settings/books.copies/minimum", 0),
        f"minor {COPIES_PLACE} > minimum was 1, is 0",
        f"major {COPIES_PLACE} > minimum was 0, is 1",
    ),
    "another default": (
        put("settings/books.copies/default", "4"),
        f"minor {COPIES_PLACE} > default was 3, is 4",
        f"minor {COPIES_PLACE} > default was 4, is 3",
    ),
    "one more need": (
        put("needs/ink", ">=1"),
        "major needs > ink is new",
        "minor needs > ink is gone",
    ),
    "a narrower need": (
        put("needs/paper", ">=1.2,<3"),
        "major needs > paper was >=1,<3, is >=1.2,<3",
        "minor needs > paper was >=1.2,<3, is >=1,<3",
    ),
    "a need of something else": (
        put("needs/paper", ">=2,<4"),
        "major needs > paper was >=1,<3, is >=2,<4",
        "major needs > paper was >=2,<4, is >=1,<3",
    ),
    "no offer": (
        put("offers", {}),
        "major offers > library is gone",
        "minor offers > library is new",
    ),
    "a newer offer": (
        put("offers/library/version", "1.2"),
        "minor offers > library > version was 1.1, is 1.2",
        "major offers > library > version was 1.2, is 1.1",
    ),
    "an offer of another kind": (
        put("offers/library/version", "2.0"),
        "major offers > library > version was 1.1, is 2.0",
        "major offers > library > version was 2.0, is 1.1",
    ),
    "an offer beside others alone": (
        put("offers/library/when", "reviews"),
        "major offers > library > when is new",
        "minor offers > library > when is gone",
    ),
    "no expansion": (
        put("expansions", {}),
        "major expansions > library.book stars is gone",
        "minor expansions > library.book stars is new",
    ),
    "an expansion with one member more": (
        put("expansions/library.book stars/members", ["average: Float", "count: Integer"]),
        'minor expansions > library.book stars > members > "average: Float" is new',
        'major expansions > library.book stars > members > "average: Float" is gone',
    ),
    "an expansion beside others alone": (
        put("expansions/library.book stars/when", "reviews"),
        "major expansions > library.book stars > when is new",
        "minor expansions > library.book stars > when is gone",
    ),
    "a feature to be without": (
        put("excludes/reviews", value=True),
        "major excludes > reviews is new",
        "minor excludes > reviews is gone",
    ),
    "a handler more": (
        put("handles/books.tell", {"topic": "book.added"}),
        "minor handles > books.tell is new",
        "patch handles > books.tell is gone",
    ),
    "a job more often": (
        put("jobs/books.forget/every_seconds", 30),
        "patch jobs > books.forget > every_seconds was 60, is 30",
        "patch jobs > books.forget > every_seconds was 30, is 60",
    ),
    "a command less": (
        drop("commands/mercato books add"),
        f"major {ADD} is gone",
        f"minor {ADD} is new",
    ),
    "an option more": (
        put("commands/mercato books add/--shelf", {"nargs": 1}),
        f"minor {ADD} > --shelf is new",
        f"major {ADD} > --shelf is gone",
    ),
    "an option that must be passed": (
        put("commands/mercato books add/--shelf", {"nargs": 1, "required": True}),
        f"major {ADD} > --shelf is new",
        f"major {ADD} > --shelf is gone",
    ),
    "a spelling more": (
        put("commands/mercato books add/--kind/opts", ["--kind", "-k"]),
        f'minor {ADD} > --kind > opts > "-k" is new',
        f'major {ADD} > --kind > opts > "-k" is gone',
    ),
    "a word less for an option": (
        put("commands/mercato books add/--kind/type/choices", ["old"]),
        f'major {ADD} > --kind > type > choices > "new" is gone',
        f'minor {ADD} > --kind > type > choices > "new" is new',
    ),
    "words alone for an option": (
        put("commands/mercato books add/argument 1", {"choices": ["old"]}),
        f"major {ADD} > argument 1 > choices is new",
        f"major {ADD} > argument 1 > choices is gone",
    ),
    "an option that can be repeated": (
        put("commands/mercato books add/--kind/multiple", value=True),
        f"minor {ADD} > --kind > multiple is new",
        f"major {ADD} > --kind > multiple is gone",
    ),
    "two values of an option": (
        put("commands/mercato books add/--kind/nargs", 2),
        f"major {ADD} > --kind > nargs was 1, is 2",
        f"major {ADD} > --kind > nargs was 2, is 1",
    ),
}


class TestCompare:
    @pytest.mark.parametrize("name", CHANGES)
    def test_says_what_a_change_needs(self, name):
        """Each change has its level, and so does the opposite change."""
        after, there, back = CHANGES[name]

        check(differences("manifest", MANIFEST, after), there)
        check(differences("manifest", after, MANIFEST), back)

    def test_a_manifest_is_as_itself(self):
        """A manifest compared with itself has no difference."""
        assert differences("manifest", MANIFEST, copy.deepcopy(MANIFEST)) == []

    @pytest.mark.parametrize("part", ["permissions", "publishes", "referents", "refusals"])
    @pytest.mark.parametrize("word", ["required", "when", "default", "null", "maximum"])
    def test_words_are_no_facts(self, part, word):
        """Names may be keywords; their removal is found."""
        before = put(part, [*MANIFEST[part], word])

        assert differences("manifest", before, MANIFEST) == [f'major {part} > "{word}" is gone']


class TestEveryManifest:
    @settings(deadline=None)
    @given(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")))
    def test_what_was_added_is_gone_on_the_way_back(self, some, others):
        """A name of only one side is new in one direction, and gone in the other."""
        before, after = (put("publishes", sorted(names)) for names in (some, others))

        there = differences("manifest", before, after)
        back = differences("manifest", after, before)

        assert len(there) == len(back) == len(some ^ others)
        assert sum(one.startswith("major") for one in there) == len(some - others)
        assert sum(one.startswith("major") for one in back) == len(others - some)
