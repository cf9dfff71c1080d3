import copy

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from workspace.bumps.http import compare_http
from workspace.bumps.levels import Level

from .drafts import Draft
from .drafts import document
from .drafts import drop
from .drafts import ref
from .drafts import set_to


def lines(before, after):
    """Return what is said of two documents."""
    return [str(reason) for reason in compare_http(before, after)]


def told(change):
    """Return what is said of a change, and of taking it back."""
    draft = Draft()
    change(draft)
    return lines(document(), draft.document), lines(draft.document, document())


SHORT = {
    "SENT": "POST /v1/things: request: field ",
    "READ": "GET /v1/things and 2 more: 200 response: field [].",
}
"""What the words in the table below stand for."""

LIMIT = {"in": "query", "name": "limit", "schema": {"type": "integer"}}
STRING = {"type": "string"}


# What is changed; what is said of it first; and of taking it back.
CHANGES = {
    "an operation is gone": (
        lambda draft: draft.paths["/v1/things"].pop("get"),
        "major GET /v1/things is gone",
        "minor GET /v1/things is new",
    ),
    "strangers are not let in any more": (
        set_to("read/x-permission", "signed_in"),
        "major GET /v1/things/{thing_id} is for signed_in now, and was for anyone",
        "minor GET /v1/things/{thing_id} is for anyone now, and was for signed_in",
    ),
    "another permission": (
        set_to("add/x-permission", "things.add"),
        "major POST /v1/things is for things.add now, and was for things.write",
        "major POST /v1/things is for things.write now, and was for things.add",
    ),
    "other words": (
        set_to("list/summary", "Things"),
        "patch GET /v1/things is described in other words",
        "patch GET /v1/things is described in other words",
    ),
    "other credentials": (
        set_to("list/security", [{"basic": []}]),
        "major GET /v1/things asks for other credentials now",
        "major GET /v1/things asks for other credentials now",
    ),
    "other words about a parameter": (
        set_to("list/parameters", [{**LIMIT, "description": "How many"}]),
        "patch GET /v1/things: query parameter limit is described in other words",
        "patch GET /v1/things: query parameter limit is described in other words",
    ),
    "a parameter not to use any more": (
        set_to("list/parameters", [{**LIMIT, "deprecated": True}]),
        "minor GET /v1/things: query parameter limit is deprecated now",
        "patch GET /v1/things: query parameter limit is described in other words",
    ),
    "deprecation": (
        set_to("list/deprecated", value=True),
        "minor GET /v1/things is deprecated now",
        "patch GET /v1/things is described in other words",
    ),
    "the name for generated clients": (
        set_to("list/operationId", "things_all"),
        "minor GET /v1/things is called things_all now, which generated clients go by",
        "minor GET /v1/things is called things_list now, which generated clients go by",
    ),
    # Parameters.
    "a parameter less": (
        set_to("list/parameters", []),
        "major GET /v1/things: query parameter limit is gone",
        "minor GET /v1/things: query parameter limit is new",
    ),
    "a parameter that must be sent": (
        set_to("read/parameters", [{**LIMIT, "required": True}]),
        "major GET /v1/things/{thing_id}: query parameter limit is new and required",
        "major GET /v1/things/{thing_id}: query parameter limit is gone",
    ),
    "a parameter becomes required": (
        set_to("list/parameters", [{**LIMIT, "required": True}]),
        "major GET /v1/things: query parameter limit is required now",
        "minor GET /v1/things: query parameter limit is optional now",
    ),
    "a parameter of narrower values": (
        set_to("list/parameters", [{**LIMIT, "schema": {"type": "integer", "minimum": 1}}]),
        "major GET /v1/things: query parameter limit has the minimum 1 now",
        "minor GET /v1/things: query parameter limit has no minimum any more; it was 1",
    ),
    # What is sent.
    "a required field more": (
        lambda draft: (draft.sent.update(colour=STRING), draft.new["required"].append("colour")),
        "major SENT colour is new and required",
        "major SENT colour is gone",
    ),
    "an optional field more": (
        set_to("sent/colour", STRING),
        "minor SENT colour is new",
        "major SENT colour is gone",
    ),
    "a field becomes required": (
        set_to("new/required", ["state", "size"]),
        "major SENT size is required now",
        "minor SENT size is optional now",
    ),
    "a word less to send": (
        set_to("sent/state/enum", ["new"]),
        "major SENT state cannot be old any more",
        "minor SENT state can be old now",
    ),
    "shorter texts": (
        set_to("sent/note/maxLength", 50),
        "major SENT note has the maxLength 50 now; it was 100",
        "minor SENT note has the maxLength 100 now; it was 50",
    ),
    "another pattern": (
        set_to("sent/note/pattern", "^b"),
        'major SENT note has the pattern "^b" now; it was "^a"',
        'major SENT note has the pattern "^a" now; it was "^b"',
    ),
    "no pattern": (
        drop("sent/note/pattern"),
        'minor SENT note has no pattern any more; it was "^a"',
        'major SENT note has the pattern "^a" now',
    ),
    "fractions can be sent": (
        set_to("sent/size/type", "number"),
        "minor SENT size was integer, is number",
        "major SENT size was number, is integer",
    ),
    "null can be sent": (
        set_to("sent/address", {"anyOf": [ref("Address"), {"type": "null"}]}),
        "minor SENT address can be null now",
        "major SENT address cannot be null any more",
    ),
    "another default": (
        set_to("sent/size/default", 2),
        "major SENT size has the default 2 now; it was 1",
        "major SENT size has the default 1 now; it was 2",
    ),
    "unknown fields can be sent": (
        drop("new/additionalProperties"),
        "minor POST /v1/things: request can have fields of any name now",
        "major POST /v1/things: request cannot have fields of any name any more",
    ),
    "nothing must be sent": (
        set_to("add/requestBody/required", value=False),
        "minor POST /v1/things: request is optional now",
        "major POST /v1/things: request is required now",
    ),
    # What is answered.
    "a field less": (
        drop("answer/size"),
        "major READ size is gone",
        "minor READ size is new",
    ),
    "a field that can be absent": (
        set_to("thing/required", ["state"]),
        "major READ id is not always there any more",
        "minor READ id is always there now",
    ),
    "null can be answered": (
        set_to("answer/size/type", ["integer", "null"]),
        "major READ size can be null now",
        "minor READ size cannot be null any more",
    ),
    "another type": (
        set_to("answer/labels", STRING),
        "major READ labels was object, is string",
        "major READ labels was string, is object",
    ),
    "fractions are answered": (
        set_to("answer/size/type", "number"),
        "major READ size was integer, is number",
        "minor READ size was number, is integer",
    ),
    "no format any more": (
        set_to("answer/id", STRING),
        'major READ id has no format any more; it was "uuid"',
        'minor READ id has the format "uuid" now',
    ),
    "a word more is answered": (
        set_to("answer/state/enum", ["new", "old", "lost"]),
        "minor READ state can be lost now (clients must bear words that they do not know)",
        "minor READ state cannot be lost any more",
    ),
    "larger numbers are answered": (
        set_to("answer/size/maximum", 20),
        "minor READ size has the maximum 20 now; it was 10",
        "minor READ size has the maximum 10 now; it was 20",
    ),
    "members of any name": (
        set_to("answer/labels/additionalProperties", {"type": "integer"}),
        "major READ labels.* was string, is integer",
        "major READ labels.* was integer, is string",
    ),
    "words about a field": (
        set_to("answer/size/description", "How large"),
        "patch READ size is described in other words",
        "patch READ size is described in other words",
    ),
    "a keyword that nobody knows": (
        set_to("answer/labels/propertyNames", {"pattern": "^a"}),
        "major READ labels has another propertyNames",
        "major READ labels has another propertyNames",
    ),
    "one more shape": (
        set_to("answer/size", {"oneOf": [{"type": "integer", "maximum": 10}, STRING]}),
        "major READ size can be string now",
        "minor READ size cannot be string any more",
    ),
    "another success": (
        lambda draft: draft.add["responses"].update({"202": draft.add["responses"].pop("201")}),
        "major POST /v1/things: 201 response is gone",
        "major POST /v1/things: 202 response is gone",
    ),
    "a refusal less": (
        drop("list/responses/401"),
        "minor GET /v1/things: 401 response is gone",
        "minor GET /v1/things: 401 response is new",
    ),
    "a header less": (
        drop("add/responses/201/headers"),
        "major POST /v1/things: 201 response: header ETag is gone",
        "minor POST /v1/things: 201 response: header ETag is new",
    ),
    "another media type": (
        set_to("read/responses/200/content", {"text/csv": {}}),
        "major GET /v1/things/{thing_id}: 200 response: media type application/json is gone",
        "major GET /v1/things/{thing_id}: 200 response: media type text/csv is gone",
    ),
}


class TestCompareHttp:
    @pytest.mark.parametrize("name", CHANGES)
    def test_says_what_a_change_needs(self, name):
        """Each change has its level and place; taken back, it has those of the opposite."""
        change, there, back = CHANGES[name]

        forth, reverse = told(change)

        for found, expected in ((forth, there), (reverse, back)):
            level, what = expected.split(" ", maxsplit=1)
            for short, long in SHORT.items():
                what = what.replace(f"{short} ", long)
            assert found[0] == f"{level:<5}  HTTP      {what}"

    def test_a_document_is_as_itself(self):
        """Comparing a document with itself gives nothing, though a schema of it holds itself."""
        assert lines(document(), document()) == []

    def test_nothing_is_like_nothing(self):
        """A distribution without routes has an empty document, which can be compared."""
        assert lines({"paths": {}, "components": {}}, {"paths": {}, "components": {}}) == []

    def test_another_name_of_a_schema_is_no_change(self):
        """Clients do not see what a component is called."""
        draft = Draft()
        draft.schemas["Place"] = draft.schemas.pop("Address")
        draft.sent["address"] = ref("Place")

        assert lines(document(), draft.document) == []

    def test_a_schema_written_out_is_no_change(self):
        """A component and the same schema in its place are one."""
        draft = Draft()
        draft.sent["address"] = draft.schemas.pop("Address")

        assert lines(document(), draft.document) == []

    def test_another_name_of_a_variable_is_no_change(self):
        """The variables of a path are told apart by their place: clients fill them in."""
        draft = Draft()
        item = draft.paths.pop("/v1/things/{thing_id}")
        item["parameters"][0]["name"] = "id"
        draft.paths["/v1/things/{id}"] = item

        assert lines(document(), draft.document) == []

    def test_order_is_no_change(self):
        """Neither the order of fields nor of words says anything."""
        draft = Draft()
        draft.thing["properties"] = dict(reversed(draft.answer.items()))
        draft.thing["required"].reverse()
        draft.answer["state"]["enum"].reverse()

        assert lines(document(), draft.document) == []

    def test_a_change_is_said_once(self):
        """A schema that two fields use has changed once; the operations are named or counted."""
        draft = Draft()
        del draft.answer["size"]

        assert lines(document(), draft.document) == [
            "major  HTTP      GET /v1/things and 2 more: 200 response: field [].size is gone"
        ]

    def test_all_of_is_one_shape(self):
        """What stands in allOf holds together, as if it stood in one place."""
        draft = Draft()
        state = {"properties": {"state": draft.sent.pop("state")}, "required": ["state"]}
        draft.schemas["NewThing"] = {"allOf": [{**draft.new, "required": []}, state]}

        assert lines(document(), draft.document) == []

    def test_what_is_alike_in_oneof_pairs_up(self):
        """Of variants, those that are the same are no change, whatever their order."""
        before, after = Draft(), Draft()
        before.answer["size"] = {"oneOf": [{"type": "integer"}, STRING, ref("Address")]}
        after.answer["size"] = {"oneOf": [ref("Address"), {"type": "integer"}, STRING]}

        assert lines(before.document, after.document) == []


PLACES = ["id", "state", "size", "note", "parts", "labels"]


class TestEveryDocument:
    @settings(deadline=None)
    @given(st.sets(st.sampled_from(PLACES)), st.sets(st.sampled_from(PLACES)))
    def test_what_was_added_is_gone_on_the_way_back(self, some, others):
        """Fields that one document alone has are new one way, and gone the other way."""
        before, after = Draft(), Draft()
        for draft, kept in ((before, some), (after, others)):
            draft.thing["required"] = []
            draft.thing["properties"] = {name: draft.answer[name] for name in kept}

        there = list(compare_http(before.document, after.document))
        back = list(compare_http(after.document, before.document))

        assert len(there) == len(back) == len(some ^ others)
        assert {one.level for one in there if one.what.endswith("new")} <= {Level.MINOR}
        assert sum(one.level is Level.MAJOR for one in there) == len(some - others)
        assert sum(one.level is Level.MAJOR for one in back) == len(others - some)

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
        """Whatever a schema is made of, compared with itself nothing has changed."""
        draft = Draft()
        draft.answer["size"] = schema

        assert lines(draft.document, copy.deepcopy(draft.document)) == []
