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
_TABLES_FOLLOW = _BEFORE_A_TABLE | {"using", "only"}
_OTHERS_FOLLOW = frozenset("by having in limit on returning select set values where with".split())


def tables_in(
    statement: str, tables: Container[str], columns: Container[str] = frozenset()
) -> list[str]:
    """Return the tables that *statement* names, in any spelling that a database accepts.

    A name inside a longer name, a string or a comment does not count. A string where only a name
    can be (``FROM 'orders_order'``) does, because SQLite accepts it as a name.

    Args:
        statement: The SQL that the driver gets.
        tables: The case-folded names of the tables (``str.casefold``).
        columns: The case-folded names of columns. A name that is both is a table in the list after
            ``FROM``, ``JOIN``, ``UPDATE`` or ``USING``, and right after ``INTO``.

    Returns:
        The case-folded names, each once, in the order of their first use.
    """
    found = (name for name, is_table in _names_in(statement) if is_table or name not in columns)
    return list(dict.fromkeys(name for name in found if name in tables))


def _names_in(statement: str) -> Iterator[tuple[str, bool]]:
    """Give the names in a statement, each with whether it stands where tables do."""
    before = clause = ""
    for token in _TOKEN.finditer(statement):
        kind, text = token.lastgroup, token[token.lastgroup or 0]
        if kind == "body":
            yield from _names_in(text)
        elif kind in ("word", "quoted", "ticked") or (
            kind == "literal" and before in _BEFORE_A_TABLE
        ):
            yield text.casefold(), clause in _TABLES_FOLLOW
            if clause == "into" and statement[token.end() : token.end() + 1] != ".":
                clause = ""
        before = text.casefold() if kind == "word" else ""
        if before in _TABLES_FOLLOW or before in _OTHERS_FOLLOW:
            clause = before
