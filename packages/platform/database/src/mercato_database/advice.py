"""Find the locks that statements of a migration take, on PostgreSQL with squawk.

SQLite needs no rules: a migration holds the one write lock from its beginning to its end.
"""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Effect:
    """How a statement affects requests that use the tables at the same time.

    Args:
        kind: Empty: not at all. ``writes``: it locks rows until the migration ends. ``locks``: it
            locks a table against reads or writes. ``rewrites``: it locks a table while it copies
            it. ``unknown``: it cannot be parsed, or only a real run can tell.
        why: The reasons, one a line.
    """

    kind: Literal["", "writes", "locks", "rewrites", "unknown"] = ""
    why: str = ""


NOTHING = Effect()

_TABLE = re.compile(
    r"(?P<verb>CREATE TABLE|ALTER TABLE|DROP TABLE|UPDATE|DELETE FROM|INSERT INTO"
    r'|CREATE (?:UNIQUE )?INDEX .*? ON)\s(?:IF (?:NOT )?EXISTS |ONLY )*"?(?P<name>[\w.]+)',
    re.IGNORECASE,
)
_LOCK = re.compile(r"Statement requires: (?P<lock>.* lock; blocking: .*\b(?:reads|writes)\b.*)\.")
_REWRITES = frozenset({"adding-field-with-default", "changing-column-type"})

# The runner sets timeouts, so the timeout rules need no advice; the help text of
# require-lock-timeout is still read for the name of the lock. The other rules are for authors of
# migrations, not for an operator who reads a plan.
_NO_ADVICE = ("require-lock-timeout", "require-statement-timeout", "ban-char-field", "prefer-")


def effects(statements: Sequence[str], dialect: str) -> list[Effect]:
    """Return the effect of each statement; those on tables created by *statements* have none."""
    plain = [" ".join(statement.split()) for statement in statements]
    tables = [_TABLE.match(text) for text in plain]
    new = {found["name"] for found in tables if found and found["verb"].upper() == "CREATE TABLE"}
    rest = [
        text
        for text, found in zip(plain, tables, strict=True)
        if not (found and found["name"] in new) or "REFERENCES" in text
    ]
    findings = _ask_squawk(rest) if rest and dialect == "postgresql" else {}
    judged = {text: _effect(text, findings.get(n, [])) for n, text in enumerate(rest)}
    return [judged.get(text, NOTHING) for text in plain]


def _effect(statement: str, findings: Sequence[dict[str, Any]]) -> Effect:
    rules = {finding["rule_name"] for finding in findings}
    locks = [found["lock"] for it in findings if (found := _LOCK.search(it["help"] or ""))]
    if "require-lock-timeout" in rules and statement.startswith("CREATE TABLE"):
        # squawk does not name the lock that foreign keys of a new table take.
        locks.append("writing to the tables it refers to waits")
    advice = [it["message"] for it in findings if not it["rule_name"].startswith(_NO_ADVICE)]
    why = "\n".join([*locks, *advice])
    if "syntax-error" in rules:
        return Effect("unknown", why)
    if "_alembic_tmp_" in statement or rules & _REWRITES:
        return Effect("rewrites", why or "the table is copied")
    if re.match(r"(?:DELETE|INSERT|UPDATE)\b", statement, re.IGNORECASE):
        return Effect("writes", "rows stay locked until the migration ends")
    return Effect("locks" if locks else "", why)


def _ask_squawk(statements: Sequence[str]) -> dict[int, list[dict[str, Any]]]:
    """Return squawk's findings by the index of the statement."""
    # Run the program in the wheel: another squawk on PATH may have other rules.
    (program,) = [file.locate() for file in files("squawk-cli") or () if file.stem == "squawk"]
    with tempfile.TemporaryDirectory() as folder:
        for number, statement in enumerate(statements):
            Path(folder, f"{number}.sql").write_text(f"{statement};\n", encoding="utf-8")
        # Without --config, squawk would read a configuration file from a parent folder.
        command = [str(program), f"--config={os.devnull}", "--reporter=json", "*.sql"]
        done = subprocess.run(  # noqa: S603 - the program of a dependency
            command, cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"squawk exited with {done.returncode}: {done.stderr}")
    findings: dict[int, list[dict[str, Any]]] = {}
    for finding in json.loads(done.stdout):
        findings.setdefault(int(Path(finding["file"]).stem), []).append(finding)
    return findings
