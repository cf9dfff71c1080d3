"""A small OpenAPI document, and functions that change it."""

PROBLEM = {"description": "A refusal", "content": {"application/problem+json": {"schema": {}}}}


def json_body(schema):
    """Return a JSON request or response body."""
    return {"content": {"application/json": {"schema": schema}}}


def ref(name):
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def document():
    """Return a document with three operations on things."""
    thing = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "state": {"type": "string", "enum": ["new", "old"]},
            "size": {"type": "integer", "maximum": 10},
            "note": {"type": ["string", "null"], "maxLength": 100},
            "parts": {"type": "array", "items": ref("Thing")},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["id", "state"],
    }
    new_thing = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "state": {"type": "string", "enum": ["new", "old"]},
            "size": {"type": "integer", "maximum": 10, "default": 1},
            "note": {"type": "string", "maxLength": 100, "pattern": "^a"},
            "address": ref("Address"),
        },
        "required": ["state"],
    }
    address = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    limit = {"in": "query", "name": "limit", "required": False, "schema": {"type": "integer"}}
    one = {"in": "path", "name": "thing_id", "required": True, "schema": {"type": "string"}}
    headers = {"ETag": {"schema": {"type": "string"}}}
    return {
        "paths": {
            "/v1/things": {
                "get": {
                    "summary": "List things",
                    "operationId": "things_list",
                    "x-permission": "signed_in",
                    "parameters": [limit],
                    "responses": {
                        "200": json_body({"type": "array", "items": ref("Thing")}),
                        "401": {"$ref": "#/components/responses/Problem"},
                    },
                },
                "post": {
                    "operationId": "things_add",
                    "x-permission": "things.write",
                    "requestBody": {**json_body(ref("NewThing")), "required": True},
                    "responses": {"201": {**json_body(ref("Thing")), "headers": headers}},
                },
            },
            "/v1/things/{thing_id}": {
                "parameters": [one],
                "get": {
                    "operationId": "things_read",
                    "x-permission": "anyone",
                    "responses": {"200": json_body(ref("Thing"))},
                },
            },
        },
        "components": {
            "schemas": {"Thing": thing, "NewThing": new_thing, "Address": address},
            "responses": {"Problem": PROBLEM},
        },
    }


class Draft:
    """A document with shortcuts to its parts."""

    def __init__(self):
        self.document = document()
        schemas = self.document["components"]["schemas"]
        self.paths = self.document["paths"]
        self.list = self.paths["/v1/things"]["get"]
        self.add = self.paths["/v1/things"]["post"]
        self.read = self.paths["/v1/things/{thing_id}"]["get"]
        self.thing = schemas["Thing"]
        self.new = schemas["NewThing"]
        self.schemas = schemas

    @property
    def answer(self):
        """The properties of the response."""
        return self.thing["properties"]

    @property
    def sent(self):
        """The properties of the request."""
        return self.new["properties"]


def set_to(path, value):
    """Return a function that sets a value in a draft."""

    def change(draft):
        *way, last = path.split("/")
        found = getattr(draft, way[0])
        for step in way[1:]:
            found = found[step]
        found[last] = value

    return change


def drop(path):
    """Return a function that deletes a value in a draft; ``~`` is a slash in a name."""

    def change(draft):
        *way, last = (step.replace("~", "/") for step in path.split("/"))
        found = getattr(draft, way[0])
        for step in way[1:]:
            found = found[step]
        del found[last]

    return change
