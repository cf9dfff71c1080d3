"""The version bump that a change of the HTTP document needs."""

import copy

import pytest
from hypothesis import given, settings, strategies as st

from surfaces.http import describe_document

from .differences import check, differences
from .drafts import Draft, document, drop, ref, set_to

LIMIT = {"in": "query", "name": "limit", "schema": {"type": "integer"}}
STRING = {"type": "string"}

SHORT = {
    "SENT": "components > sent > schemas/NewThing >",
    "READ": "components > read > schemas/Thing >",
    "THINGS": "operations > GET /v1/things >",
    "ADD": "operations > POST /v1/things >",
    "ONE": "operations > GET /v1/things/{thing_id} >",
}
"""What the words in the table below stand for."""


def lines(before, after):
    """Return what is said of two API documents."""
    return differences("http", describe_document(before), describe_document(after))


# The change; its highest difference; and that of the opposite change.
CHANGES = {
    "an operation is gone": (
        lambda draft: draft.paths["/v1/things"].pop("get"),
        "major operations > GET /v1/things is gone",
        "minor operations > GET /v1/things is new",
    ),
    "strangers are not let in any more": (
        set_to("read/x-permission", "signed_in"),
        "major ONE x-permission was anyone, is signed_in",
        "major ONE x-permission was signed_in, is anyone",
    ),
    "another permission": (
        set_to("add/x-permission", "things.add"),
        "major ADD x-permission was things.write, is things.add",
        "major ADD x-permission was things.add, is things.write",
    ),
    "other words": (
        set_to("list/summary", "Things"),
        "",
        "",
    ),
    "other credentials": (
        set_to("list/security", [{"basic": []}]),
        "major THINGS security is new",
        "major THINGS security is gone",
    ),
    "one more kind of credentials": (
        set_to("read/security", [{}, {"basic": []}]),
        "major ONE security is new",
        "major ONE security is gone",
    ),
    "other words about a parameter": (
        set_to("list/parameters", [{**LIMIT, "description": "How many"}]),
        "",
        "",
    ),
    "a parameter not to use any more": (
        set_to("list/parameters", [{**LIMIT, "deprecated": True}]),
        "minor THINGS parameters > query limit > deprecated is new",
        "patch THINGS parameters > query limit > deprecated is gone",
    ),
    "deprecation": (
        set_to("list/deprecated", value=True),
        "minor THINGS deprecated is new",
        "patch THINGS deprecated is gone",
    ),
    "the name for generated clients": (
        set_to("list/operationId", "things_all"),
        "minor THINGS operationId was things_list, is things_all",
        "minor THINGS operationId was things_all, is things_list",
    ),
    # Parameters.
    "a parameter less": (
        set_to("list/parameters", []),
        "major THINGS parameters > query limit is gone",
        "minor THINGS parameters > query limit is new",
    ),
    "a parameter that must be sent": (
        set_to("read/parameters", [{**LIMIT, "required": True}]),
        "major ONE parameters > query limit is new",
        "major ONE parameters > query limit is gone",
    ),
    "a parameter becomes required": (
        set_to("list/parameters", [{**LIMIT, "required": True}]),
        "major THINGS parameters > query limit > required is new",
        "minor THINGS parameters > query limit > required is gone",
    ),
    "a parameter of narrower values": (
        set_to("list/parameters", [{**LIMIT, "schema": {"type": "integer", "minimum": 1}}]),
        "major THINGS parameters > query limit > schema > minimum is new",
        "minor THINGS parameters > query limit > schema > minimum is gone",
    ),
    # Requests.
    "a required field more": (
        lambda draft: (draft.sent.update(colour=STRING), draft.new["required"].append("colour")),
        "major SENT .colour is new",
        "major SENT .colour is gone",
    ),
    "an optional field more": (
        set_to("sent/colour", STRING),
        "minor SENT .colour is new",
        "major SENT .colour is gone",
    ),
    "a field becomes required": (
        set_to("new/required", ["state", "size"]),
        "major SENT .size > required is new",
        "minor SENT .size > required is gone",
    ),
    "a word less to send": (
        set_to("sent/state/enum", ["new"]),
        'major SENT .state > enum > "old" is gone',
        'minor SENT .state > enum > "old" is new',
    ),
    "shorter texts": (
        set_to("sent/note/maxLength", 50),
        "major SENT .note > maxLength was 100, is 50",
        "minor SENT .note > maxLength was 50, is 100",
    ),
    "another pattern": (
        set_to("sent/note/pattern", "^b"),
        "major SENT .note > pattern was ^a, is ^b",
        "major SENT .note > pattern was ^b, is ^a",
    ),
    "no pattern": (
        drop("sent/note/pattern"),
        "major SENT .note > pattern is gone",
        "major SENT .note > pattern is new",
    ),
    "fractions can be sent": (
        set_to("sent/size/type", "number"),
        'major SENT .size > type > "integer" is gone',
        'major SENT .size > type > "number" is gone',
    ),
    "null can be sent": (
        set_to("sent/address", {"anyOf": [ref("Address"), {"type": "null"}]}),
        "major SENT .address > $ref is gone",
        "major SENT .address > $ref is new",
    ),
    "another default": (
        set_to("sent/size/default", 2),
        "major SENT .size > default was 1, is 2",
        "major SENT .size > default was 2, is 1",
    ),
    "unknown fields can be sent": (
        drop("new/additionalProperties"),
        "major SENT additionalProperties is gone",
        "major SENT additionalProperties is new",
    ),
    "nothing must be sent": (
        set_to("add/requestBody/required", value=False),
        "minor ADD requestBody > required is gone",
        "major ADD requestBody > required is new",
    ),
    # Responses.
    "a field less": (
        drop("answer/size"),
        "major READ .size is gone",
        "minor READ .size is new",
    ),
    "a field that can be absent": (
        set_to("thing/required", ["state"]),
        "major READ .id > always is gone",
        "minor READ .id > always is new",
    ),
    "null can be answered": (
        set_to("answer/size/type", ["integer", "null"]),
        'major READ .size > type > "null" is new',
        'minor READ .size > type > "null" is gone',
    ),
    "another type": (
        set_to("answer/labels", STRING),
        "major READ .labels > additionalProperties is gone",
        "major READ .labels > additionalProperties is new",
    ),
    "fractions are answered": (
        set_to("answer/size/type", "number"),
        'major READ .size > type > "number" is new',
        'major READ .size > type > "integer" is new',
    ),
    "no format any more": (
        set_to("answer/id", STRING),
        "major READ .id > format is gone",
        "major READ .id > format is new",
    ),
    "a word more is answered": (
        set_to("answer/state/enum", ["new", "old", "lost"]),
        'minor READ .state > enum > "lost" is new',
        'minor READ .state > enum > "lost" is gone',
    ),
    "larger numbers are answered": (
        set_to("answer/size/maximum", 20),
        "minor READ .size > maximum was 10, is 20",
        "minor READ .size > maximum was 20, is 10",
    ),
    "members of any name": (
        set_to("answer/labels/additionalProperties", {"type": "integer"}),
        'major READ .labels > additionalProperties > type > "integer" is new',
        'major READ .labels > additionalProperties > type > "string" is new',
    ),
    "words about a field": (
        set_to("answer/size/description", "How large"),
        "",
        "",
    ),
    "an unknown keyword": (
        set_to("answer/labels/propertyNames", {"pattern": "^a"}),
        "major READ .labels > propertyNames is new",
        "major READ .labels > propertyNames is gone",
    ),
    "one more shape": (
        set_to("answer/size", {"oneOf": [{"type": "integer", "maximum": 10}, STRING]}),
        "major READ .size > oneOf is new",
        "major READ .size > oneOf is gone",
    ),
    "another success": (
        lambda draft: draft.add["responses"].update({"202": draft.add["responses"].pop("201")}),
        "major ADD responses 201 is gone",
        "major ADD responses 202 is gone",
    ),
    "a refusal less": (
        drop("list/responses/401"),
        "minor THINGS responses 401 is gone",
        "minor THINGS responses 401 is new",
    ),
    "a header less": (
        drop("add/responses/201/headers"),
        "major ADD responses 201 > headers ETag is gone",
        "minor ADD responses 201 > headers ETag is new",
    ),
    "another media type": (
        set_to("read/responses/200/content", {"text/csv": {}}),
        "major ONE responses 200 > content application/json is gone",
        "major ONE responses 200 > content text/csv is gone",
    ),
    # Any keyword may narrow a schema.
    "items of a kind": (
        set_to("sent/parts", {"type": "array", "items": STRING}),
        "minor SENT .parts is new",
        "major SENT .parts is gone",
    ),
    "some words only": (
        set_to("sent/note/enum", ["abc"]),
        "major SENT .note > enum is new",
        "major SENT .note > enum is gone",
    ),
    "a type": (
        drop("answer/size/type"),
        "major READ .size > type is gone",
        "major READ .size > type is new",
    ),
    "one more condition": (
        set_to("sent/note/allOf", [{"minLength": 3}]),
        "major SENT .note > allOf is new",
        "major SENT .note > allOf is gone",
    ),
    "a body of a kind": (
        drop("add/requestBody/content/application~json/schema"),
        "major ADD requestBody > content application/json > schema is gone",
        "major ADD requestBody > content application/json > schema is new",
    ),
    "another serialization": (
        set_to("list/parameters", [{**LIMIT, "explode": False}]),
        "major THINGS parameters > query limit > explode is new",
        "major THINGS parameters > query limit > explode is gone",
    ),
}


class TestCompare:
    @pytest.mark.parametrize("name", CHANGES)
    def test_says_what_a_change_needs(self, name):
        """Each change has its level and place, and so does the opposite change."""
        change, there, back = CHANGES[name]
        draft = Draft()
        change(draft)

        forth, reverse = lines(document(), draft.document), lines(draft.document, document())

        for short, long in SHORT.items():
            there, back = (
                there.replace(f"{short} ", f"{long} "),
                back.replace(f"{short} ", f"{long} "),
            )
        check(forth, there)
        check(reverse, back)

    def test_order_is_no_change(self):
        """The order of fields and enum values is not a change."""
        draft = Draft()
        draft.thing["properties"] = dict(reversed(draft.answer.items()))
        draft.thing["required"].reverse()
        draft.answer["state"]["enum"].reverse()

        assert lines(document(), draft.document) == []

    def test_a_change_is_said_once(self):
        """A change of a schema that several operations use is one difference."""
        draft = Draft()
        del draft.answer["size"]

        assert lines(document(), draft.document) == [
            "major components > read > schemas/Thing > .size is gone"
        ]

    def test_the_order_of_variants_is_no_change(self):
        """The order of variants is not a change."""
        before, after = Draft(), Draft()
        before.answer["size"] = {"oneOf": [{"type": "integer"}, STRING, ref("Address")]}
        after.answer["size"] = {"oneOf": [ref("Address"), {"type": "integer"}, STRING]}

        assert lines(before.document, after.document) == []

    def test_names_that_are_words_of_schemas_are_names(self):
        """Fields may have the names of keywords; their removal is found."""
        before = Draft()
        before.answer.update(dict.fromkeys(["required", "description", "default"], STRING))

        gone = lines(before.document, document())

        place = "major components > read > schemas/Thing >"
        assert gone == [
            f"{place} .{name} is gone" for name in ("default", "description", "required")
        ]


PLACES = ["id", "state", "size", "note", "parts", "labels"]


class TestEveryDocument:
    @settings(deadline=None)
    @given(st.sets(st.sampled_from(PLACES)), st.sets(st.sampled_from(PLACES)))
    def test_what_was_added_is_gone_on_the_way_back(self, some, others):
        """A field of only one document is new in one direction, and gone in the other."""
        before, after = Draft(), Draft()
        for draft, kept in ((before, some), (after, others)):
            draft.thing["required"] = []
            draft.thing["properties"] = {name: draft.answer[name] for name in kept}

        there = lines(before.document, after.document)
        back = lines(after.document, before.document)

        assert len(there) == len(back) == len(some ^ others)
        assert sum(one.startswith("major") for one in there) == len(some - others)
        assert sum(one.startswith("major") for one in back) == len(others - some)

    @settings(deadline=None)
    @given(
        st.recursive(
            st.sampled_from(
                [STRING, {"type": "integer"}, {"type": ["string", "null"]}, ref("Thing"), {}]
            ),
            lambda inner: st.one_of(
                inner.map(lambda one: {"type": "array", "items": one}),
                st.lists(inner, min_size=1, max_size=3).map(lambda some: {"anyOf": some}),
                st.dictionaries(st.sampled_from("abc"), inner).map(
                    lambda fields: {"type": "object", "properties": fields}
                ),
            ),
        )
    )
    def test_any_schema_is_as_itself(self, schema):
        """Any schema compared with itself has no difference."""
        draft = Draft()
        draft.answer["size"] = schema

        assert lines(draft.document, copy.deepcopy(draft.document)) == []
