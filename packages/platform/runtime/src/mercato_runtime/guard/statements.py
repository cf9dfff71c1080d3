"""Find the tables that the text of a SQL statement names."""

import re
from collections.abc import Container, Iterator

_TOKEN = re.compile(
    r"""
      --[^\n]*+ | /\*.*?\*/                                    # comments
    | %\(\w+\)s | (?<!:):\w+ | @\w+                            # parameters
    | \$(?P<tag>\w*)\$(?P<body>.*?)\$(?P=tag)\$                # PostgreSQL: text, often code
    | \b[eE]'(?:[^'\\]|''|\\.)*+'                              # PostgreSQL: with escapes
    | '(?P<literal>[^']*+(?:''[^']*+)*+)'
    | "(?P<quoted>[^"]*+)" | `(?P<ticked>[^`]*+)`
    | (?P<word>[^\W\d][\w$]*+)
    """,
    re.VERBOSE | re.DOTALL,
)

_BEFORE_A_TABLE = frozenset("from into join table update".split())


def tables_in(statement: str, tables: Container[str]) -> list[str]:
    """Return the tables that *statement* names, in any spelling that a database accepts.

    A name inside a longer name, a string or a comment does not count. A string where only a name
    can be (``FROM 'orders_order'``) does, because SQLite accepts it as a name.

    Args:
        statement: The SQL that the driver gets.
        tables: The case-folded names of the tables (``str.casefold``).

    Returns:
        The case-folded names, each once, in the order of their first use.
    """
    return list(dict.fromkeys(name for name in _names_in(statement) if name in tables))


def _names_in(statement: str) -> Iterator[str]:
    before = ""
    for token in _TOKEN.finditer(statement):
        kind, text = token.lastgroup, token[token.lastgroup or 0]
        if kind == "body":
            yield from _names_in(text)
        elif kind in ("word", "quoted", "ticked") or (
            kind == "literal" and before in _BEFORE_A_TABLE
        ):
            yield text.casefold()
        before = text.casefold() if kind == "word" else ""
