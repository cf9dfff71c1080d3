"""The codes of faults, and what each means. All of them stand in ``codes.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of fault.

    Args:
        code: ``K108``.
        title: What is so, in a few words.
        text: Why it is refused and what to do, in several lines.
    """

    code: str
    title: str
    text: str


@cache
def codes() -> Mapping[str, Code]:
    """Return every code that a fault may have, in order."""
    text = files(__package__).joinpath("codes.toml").read_text(encoding="utf-8")
    return {
        code: Code(code, told["title"], told["text"].strip())
        for code, told in tomllib.loads(text).items()
    }
