"""The operations of an OpenAPI document, with what they refer to."""

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]

METHODS = ("delete", "get", "head", "options", "patch", "post", "put", "trace")

_VARIABLE = re.compile(r"{[^}]*}")


@dataclass(frozen=True)
class Operation:
    """One operation, with what it refers to."""

    name: str
    said: Document
    parameters: Mapping[tuple[str, str], Document]
    request: Document
    responses: Mapping[str, Document]


class Operations:
    """What can be asked of one document."""

    def __init__(self, document: Document) -> None:
        components = document.get("components", {})
        self.schemas: Mapping[str, Any] = components.get("schemas", {})
        self._responses = components.get("responses", {})
        self.all = {
            (_VARIABLE.sub("{}", path), method): self._read(path, method, item)
            for path, item in document.get("paths", {}).items()
            for method in METHODS
            if method in item
        }

    def _read(self, path: str, method: str, item: Document) -> Operation:
        said = item[method]
        parameters = [*item.get("parameters", ()), *said.get("parameters", ())]
        variables = _VARIABLE.findall(path)
        return Operation(
            name=f"{method.upper()} {path}",
            said=said,
            parameters={_key(one, variables): one for one in parameters},
            request=said.get("requestBody", {}),
            responses={
                status: self._responses[answer["$ref"].rpartition("/")[2]]
                if "$ref" in answer
                else answer
                for status, answer in said.get("responses", {}).items()
            },
        )


def _key(parameter: Document, variables: Sequence[str]) -> tuple[str, str]:
    """Tell parameters apart as clients do: by their order in the path, headers in any case."""
    kind, name = parameter["in"], parameter["name"]
    if kind == "path":
        return kind, str(variables.index(f"{{{name}}}"))
    return kind, name.lower() if kind == "header" else name


def is_success(status: str) -> bool:
    """Tell whether a status is one that clients hope for."""
    return status[:1] in ("2", "3")
