"""Writes TOML with a line for each wheel, so that a diff shows what changed."""

import json
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any


def dumps(document: Mapping[str, Any]) -> str:
    """Write *document*; of mappings, lists, text, numbers and booleans."""
    return "\n".join(_table(document, ())).lstrip("\n") + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    inner = {key: value for key, value in table.items() if _is_table(value, path)}
    for key, value in table.items():
        if key not in inner:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        below = (*path, key)
        name = ".".join(map(_key, below))
        if isinstance(value, Mapping):
            if any(not _is_table(one, below) for one in value.values()):
                yield from ("", f"[{name}]")
            yield from _table(value, below)
        else:
            for one in value:
                yield from ("", f"[[{name}]]")
                yield from _table(one, below)


def _is_table(value: object, path: tuple[str, ...]) -> bool:
    """Tell what gets a header of its own: tables, and the lists of tables at the top."""
    if isinstance(value, Mapping):
        return path[:1] != ("packages",)
    return not path and isinstance(value, list) and all(isinstance(it, Mapping) for it in value)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list):
        if any(isinstance(one, Mapping) for one in value):
            lines = "".join(f"\n  {_value(one)}," for one in value)
            return f"[{lines}\n]"
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # DEL is the one character that JSON leaves and TOML does not.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


def _key(key: str) -> str:
    plain = key.replace("-", "").replace("_", "")
    return key if plain.isascii() and plain.isalnum() else _value(key)
