"""The pages that explain problems."""

from typing import ClassVar

from mercato_kit.errors import Problem
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
from mercato_runtime.explanations import _operations, _recorded

blueprint = Blueprint("paper", __name__, url_prefix="/v1")


class OutOfPaper(Problem):
    """No ``paper`` is left."""

    status = 409
    code = "out_of_paper"
    title = "Out of paper"
    member_schemas: ClassVar = {"sheets": {"type": "integer", "description": "Sheets left"}}


@blueprint.get("/paper", allow=anyone, refuses=[OutOfPaper])
def take_paper() -> None:
    """Take paper"""
    raise OutOfPaper(sheets=0)


feature = Feature(name="paper", summary="Sheets.", blueprints=[blueprint])

BROWSER = {"Accept": "text/html"}

DOCUMENT = {
    "paths": {
        "/v1/paper": {
            "parameters": [{"name": "size", "in": "query"}],
            "get": {
                "operationId": "take_paper",
                "summary": "Take paper",
                "tags": ["paper"],
                "responses": {
                    "404": {
                        "content": {
                            "application/problem+json": {
                                "examples": {"gone": {"value": {"code": "gone"}}}
                            }
                        }
                    },
                    "409": {"$ref": "#/components/responses/Refused"},
                },
            },
            "post": {"operationId": "other", "responses": {"200": {}}},
        }
    },
    "components": {
        "responses": {"Refused": {"oneOf": [{"$ref": "#/components/schemas/OutOfPaper"}]}},
        "schemas": {"OutOfPaper": {"properties": {"code": {"const": "out_of_paper"}}}},
    },
}


class TestExplainProblem:
    def test_says_what_it_means_and_what_to_do(self, client):
        """The type of a problem leads to its title, status, meaning, advice and example."""
        refused = client.get("/v1/paper").json

        explained = client.get(refused["type"])

        assert explained.json["description"] == "No ``paper`` is left."
        assert explained.json["advice"].startswith("Read the current state")
        assert explained.json["example"]["type"] == refused["type"]
        assert explained.json["members"].keys() == refused.keys()
        assert explained.json["members"]["sheets"] == "Sheets left"
        assert explained.headers["Cache-Control"] == "public, max-age=3600"
        assert explained.headers["Vary"] == "Accept"

    def test_is_a_page_for_browsers(self, client):
        """A browser gets the same as a page, with code as code."""
        page = client.get("/problems/out_of_paper", headers=BROWSER)

        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert "No <code>paper</code> is left." in page.text

    def test_answers_304(self, client):
        """An explanation that has not changed is not sent again; the page has another ETag."""
        tag = client.get("/problems/out_of_paper").headers["ETag"]
        other = client.get("/problems/out_of_paper", headers=BROWSER).headers["ETag"]

        again = client.get("/problems/out_of_paper", headers={"If-None-Match": tag})

        assert (again.status_code, again.data) == (304, b"")
        assert other != tag

    def test_of_an_unknown_code_is_404(self, client):
        """A code that no problem has is not found."""
        assert client.get("/problems/no_such_code", headers=BROWSER).status_code == 404


class TestListProblems:
    def test_leads_to_every_explanation(self, client):
        """Each problem in the list has a page, also those without a class of their own."""
        rows = client.get("/problems").json["problems"]

        codes = [it["code"] for it in rows]
        assert {"out_of_paper", "bad_request", "uri_too_long", "not_found"} <= set(codes)
        assert all(it["title"] and it["description"] for it in rows)
        for code in codes:
            assert client.get(f"/problems/{code}", headers=BROWSER).status_code == 200

    def test_is_sorted_by_status(self, client):
        """The list is in the order of the statuses."""
        statuses = [it["status"] for it in client.get("/problems").json["problems"]]

        assert statuses == sorted(statuses)


class TestOperations:
    def test_are_found_through_references(self):
        """An operation is named whose answers refer to the problem, through other components."""
        assert _operations(DOCUMENT) == {
            "out_of_paper": [
                {
                    "method": "GET",
                    "path": "/v1/paper",
                    "summary": "Take paper",
                    "operation_id": "take_paper",
                    "tag": "paper",
                }
            ]
        }

    def test_are_searched_once(self, app):
        """The pages of one app share what was found: the document is large."""
        refusing = app.extensions["mercato_refusing"]

        with app.app_context():
            found = refusing.by_code

        assert "out_of_paper" in found
        assert refusing.by_code is found

    def test_give_their_recorded_problems(self):
        """A problem that was recorded as an answer is the example."""
        assert list(_recorded(DOCUMENT, "gone")) == [{"code": "gone"}]
        assert list(_recorded(DOCUMENT, "out_of_paper")) == []
