"""The codes of faults and their explanations, read from ``codes.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of fault.

    Args:
        code: Such as ``K108``.
        title: What is wrong, in a few words.
        text: Why it is refused and what to do, in several lines.
    """

    code: str
    title: str
    text: str


@cache
def codes() -> Mapping[str, Code]:
    """Return every code that a fault may have, in the order of the file."""
    text = files(__package__).joinpath("codes.toml").read_text(encoding="utf-8")
    return {
        code: Code(code, entry["title"], entry["text"].strip())
        for code, entry in tomllib.loads(text).items()
    }
