"""Translate apispec's output to standard JSON Schema."""

from typing import Any

_LENGTHS = {"minLength": "minProperties", "maxLength": "maxProperties"}


def translate(part: Any) -> None:
    """Correct every schema inside *part* in place.

    Python patterns become patterns of ECMA-262, and the length of an object becomes the number of
    its properties.
    """
    if isinstance(part, dict):
        _correct(part)
    if isinstance(part, (dict, list)):
        for inner in part.values() if isinstance(part, dict) else part:
            translate(inner)


def _correct(schema: dict[str, Any]) -> None:
    if isinstance(schema.get("pattern"), str):
        schema["pattern"] = to_ecma(schema["pattern"])
    if schema.get("type") in ("object", ["object", "null"]):
        for wrong, right in _LENGTHS.items():
            if isinstance(schema.get(wrong), int):
                schema[right] = schema.pop(wrong)


def to_ecma(pattern: str) -> str:
    """Return the ECMA-262 pattern for what ``re.match`` accepts with *pattern*."""
    core = pattern.removeprefix(r"\A").removesuffix(r"\Z")
    end = "$" if core != pattern.removeprefix(r"\A") else ""
    return f"^(?:{core.replace('(?P<', '(?<')}){end}"
