import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from workspace.bumps.levels import Level
from workspace.bumps.manifest import compare_manifests

TEXT = {"type": "string"}
COPIES = {"type": "integer", "minimum": 1, "maximum": 9, "default": 3}


def manifest():
    """Describe a feature with one of everything."""
    return {
        "features": ["books"],
        "settings": {
            "schema": {
                "type": "object",
                "properties": {"books.copies": dict(COPIES), "books.shop": {**TEXT, "default": ""}},
                "required": [],
            },
            "components": {},
        },
        "permissions": ["books.write"],
        "publishes": ["book.added"],
        "referents": ["library.book"],
        "refusals": ["409 book_lent"],
        "abilities": ["sample_data of books"],
        "excludes": [],
        "needs": {"paper": ">=1,<3"},
        "offers": {"library": {"version": "1.1", "when": []}},
        "handles": {"books.write_down": {"topic": "user.erased", "versions": [1]}},
        "jobs": {"books.forget": {"every_seconds": 60}},
        "commands": {
            "mercato books": {"type": "object", "properties": {}, "required": []},
            "mercato books add": {
                "type": "object",
                "properties": {"argument 1": TEXT, "--kind": {**TEXT, "enum": ["old", "new"]}},
                "required": ["argument 1"],
            },
        },
    }


def properties(*, of="settings", **more):
    """Write a change that puts properties, with ``.`` for ``__``; None takes them away."""

    def change(draft):
        schema = draft["settings"]["schema"] if of == "settings" else draft["commands"][of]
        for name, value in more.items():
            schema["properties"].pop(name.replace("__", "."), None)
            if value is not None:
                schema["properties"][name.replace("__", ".")] = value

    return change


def put(part, value):
    """Write a change of one part."""
    return lambda draft: draft.update({part: value})


def in_command(name, value):
    """Write a change of one word of the command."""
    return lambda draft: draft["commands"]["mercato books add"]["properties"].update({name: value})


def require(name):
    """Write a change that makes the operator set something."""

    def change(draft):
        draft["settings"]["schema"]["properties"][name] = TEXT
        draft["settings"]["schema"]["required"].append(name)

    return change


KINDS = {**TEXT, "enum": ["old", "new"]}

# What is changed, what is said, and of the way back.
CHANGES = {
    "a permission less": (
        put("permissions", []),
        ["major permission books.write is gone"],
        ["minor permission books.write is new"],
    ),
    "an event less": (
        put("publishes", []),
        ["major published event book.added is gone"],
        ["minor published event book.added is new"],
    ),
    "ids less": (
        put("referents", []),
        ["major ids of library.book is gone"],
        ["minor ids of library.book is new"],
    ),
    "another status of a refusal": (
        put("refusals", ["422 book_lent"]),
        ["major refusal 409 book_lent is gone", "minor refusal 422 book_lent is new"],
        ["major refusal 422 book_lent is gone", "minor refusal 409 book_lent is new"],
    ),
    "an ability less": (
        put("abilities", []),
        ["major ability sample_data of books is gone"],
        ["minor ability sample_data of books is new"],
    ),
    "another name": (
        put("features", ["tomes"]),
        ["major feature books is gone", "minor feature tomes is new"],
        ["major feature tomes is gone", "minor feature books is new"],
    ),
    "a setting less": (
        properties(books__shop=None),
        ["major setting books.shop is gone"],
        ["minor setting books.shop is new"],
    ),
    "a setting that must be set": (
        require("books.key"),
        ["major setting books.key is new and required"],
        ["major setting books.key is gone"],
    ),
    "another type": (
        properties(books__copies={**TEXT, "default": "3"}),
        ["major setting books.copies was integer, is string"],
        ["major setting books.copies was string, is integer"],
    ),
    "a wider range": (
        properties(books__copies={**COPIES, "maximum": 99}),
        ["minor setting books.copies has the maximum 99 now; it was 9"],
        ["major setting books.copies has the maximum 9 now; it was 99"],
    ),
    "another default": (
        properties(books__copies={**COPIES, "default": 4}),
        ["minor setting books.copies has the default 4 now; it was 3"],
        ["minor setting books.copies has the default 3 now; it was 4"],
    ),
    "one more need": (
        put("needs", {"paper": ">=1,<3", "ink": ">=1"}),
        ["major needs ink >=1 now"],
        ["minor needs ink no more"],
    ),
    "a narrower need": (
        put("needs", {"paper": ">=1.2,<3"}),
        ["major needs paper >=1.2,<3 now; it was >=1,<3"],
        ["minor needs paper >=1,<3 now; it was >=1.2,<3"],
    ),
    "a need of something else": (
        put("needs", {"paper": ">=2,<4"}),
        ["major needs paper >=2,<4 now; it was >=1,<3"],
        ["major needs paper >=1,<3 now; it was >=2,<4"],
    ),
    "no offer": (
        put("offers", {}),
        ["major offered contract library is gone"],
        ["minor offered contract library is new"],
    ),
    "a newer offer": (
        put("offers", {"library": {"version": "1.2", "when": []}}),
        ["minor offers library 1.2 now; it was 1.1"],
        ["major offers library 1.1 now; it was 1.2"],
    ),
    "an offer of another kind": (
        put("offers", {"library": {"version": "2.0", "when": []}}),
        ["major offers library 2.0 now; it was 1.1"],
        ["major offers library 1.1 now; it was 2.0"],
    ),
    "an offer beside others alone": (
        put("offers", {"library": {"version": "1.1", "when": ["reviews"]}}),
        ["major offers library only beside reviews now"],
        ["minor offers library under fewer conditions now"],
    ),
    "somebody to be without": (
        put("excludes", ["reviews"]),
        ["major cannot run beside reviews any more"],
        ["minor can run beside reviews now"],
    ),
    "a handler more": (
        put("handles", {**manifest()["handles"], "books.tell": {"topic": "book.added"}}),
        ["minor handler books.tell is new"],
        ["patch handler books.tell is gone"],
    ),
    "a job more often": (
        put("jobs", {"books.forget": {"every_seconds": 30}}),
        ["patch job books.forget works in another way"],
        ["patch job books.forget works in another way"],
    ),
    "a command less": (
        put("commands", {"mercato books": manifest()["commands"]["mercato books"]}),
        ["major command mercato books add is gone"],
        ["minor command mercato books add is new"],
    ),
    "an option more": (
        in_command("--shelf", TEXT),
        ["minor command mercato books add: --shelf is new"],
        ["major command mercato books add: --shelf is gone"],
    ),
    "a word less for an option": (
        in_command("--kind", {**TEXT, "enum": ["old"]}),
        ["major command mercato books add: --kind cannot be new any more"],
        ["minor command mercato books add: --kind can be new now"],
    ),
    "an option that can be repeated": (
        in_command("--kind", {"anyOf": [KINDS, {"type": "array", "items": KINDS}]}),
        ["minor command mercato books add: --kind can be array now"],
        ["major command mercato books add: --kind cannot be array any more"],
    ),
}


def told(before, after):
    """Return what is said, but for where: level and words."""
    reasons = list(compare_manifests(before, after))
    assert all(reason.where == "manifest" for reason in reasons)
    return [f"{reason.level} {reason.what}" for reason in reasons]


class TestCompareManifests:
    @pytest.mark.parametrize("name", CHANGES)
    def test_says_what_a_change_needs(self, name):
        """Each change of a manifest has its level; taken back, it has that of the opposite."""
        change, there, back = CHANGES[name]
        after = manifest()
        change(after)

        assert told(manifest(), after) == there
        assert told(after, manifest()) == back

    def test_a_manifest_is_as_itself(self):
        """Comparing a manifest with itself gives nothing."""
        assert told(manifest(), manifest()) == []


class TestEveryManifest:
    @settings(deadline=None)
    @given(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")))
    def test_what_was_added_is_gone_on_the_way_back(self, some, others):
        """A promise that one side alone gives breaks one way alone."""
        before, after = (manifest() | {"publishes": sorted(names)} for names in (some, others))

        there, back = list(compare_manifests(before, after)), list(compare_manifests(after, before))

        assert len(there) == len(back) == len(some ^ others)
        assert sum(one.level is Level.MAJOR for one in there) == len(some - others)
        assert sum(one.level is Level.MAJOR for one in back) == len(others - some)
