"""The documents that commands print with ``--json``, for tests of the platform."""

import json
from importlib.resources import files
from typing import Any

from jsonschema import validate


def read_document(text: str, package: str) -> dict[str, Any]:
    """Return a document, compared with its JSON Schema.

    Args:
        text: What the command printed.
        package: The import package whose folder ``schemas`` has the schema.

    Raises:
        jsonschema.ValidationError: The document is not as its schema says.
    """
    document: dict[str, Any] = json.loads(text)
    name = document["command"].replace(" ", "-")
    schema = files(package).joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8")
    validate(document, json.loads(schema))
    return document
