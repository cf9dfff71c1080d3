"""Fixes of settings that are missing, wrong, unknown, or secrets in clear text."""

from collections.abc import Iterator
from typing import Any

import msgspec

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import Source, value_at, variable_of
from mercato_composition.deployment.statements import ValuePath
from mercato_composition.faults import Fix, Outside, Variable
from mercato_kit import settings

RANDOM = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
"""The command that prints a random secret."""


POSTGRESQL = "postgresql://<user>:<password>@<host>/<database>"

REDIS = "rediss://:<password>@<host>:6379/0"


def new_key(source: Source) -> tuple[Fix, ...]:
    """Return the fixes of a key that is not random: another one, not in the deployment file."""
    path = ("secret_key",)
    is_in_file = path in source.origins and not source.in_environment(*path)
    return moved(source, path) if is_in_file else random_secret(path)


def given(source: Source, path: ValuePath, field: msgspec.structs.FieldInfo) -> tuple[Fix, ...]:
    """Return the fix that gives a required setting."""
    if settings.is_secret(field):
        return secret(path)
    value = example_of(field)
    if value is None:
        return (edits.set_value(source, path, _part(path), "fill"),)
    return (edits.set_value(source, path, value),)


def corrected(
    source: Source, path: ValuePath, field: msgspec.structs.FieldInfo, instead: Any = None
) -> tuple[Fix, ...]:
    """Return the fix of a wrong value: *instead*, what was meant, the default, or an example."""
    if settings.is_secret(field):
        return (edits.remove(source, path, "choice"), *secret(path))
    if field.required:
        return given(source, path, field)
    said = value_at(source.values, path)
    meant = next(_meant(field, said), None) if instead is None else instead
    value = settings.default_of(field) if meant is None else meant
    if value is None or isinstance(value, dict):
        return (edits.remove(source, path),)
    return (edits.set_value(source, path, msgspec.to_builtins(value)),)


_WORDS = {"yes": True, "on": True, "no": False, "off": False}
"""Truth values of YAML."""


def _meant(field: msgspec.structs.FieldInfo, value: Any) -> Iterator[Any]:
    """Give valid values that a text of the wrong type or form may stand for.

    ``yes`` is true, ``debug`` is ``DEBUG``, and ``shop/`` is ``/shop`` where a path is due.
    """
    if isinstance(value, str) and not _fits(field, value):
        text = value.strip("\"' ")
        if not (bare := text.strip("/")):
            return
        plain = _WORDS.get(text.lower(), int(text) if text.isdecimal() else text)
        written = (text.rstrip("/"), text.lower(), text.upper(), bare)
        found = (plain, *written, f"/{bare.lower()}", f"https://{bare}")
        yield from (one for one in found if _fits(field, one))


def _fits(field: msgspec.structs.FieldInfo, value: Any) -> bool:
    try:
        msgspec.convert(value, field.type)
    except msgspec.ValidationError:
        return False
    return True


def together(source: Source, path: ValuePath) -> tuple[Fix, ...]:
    """Return the fix of settings that are wrong together: none is known to be the wrong one."""
    table = f"[{'.'.join(path)}]" if path else "the top"
    return (Outside(f"correct these settings in {table} of {source.name}"),)


def known(
    source: Source, path: ValuePath, suggestion: str | None, below: ValuePath | None = None
) -> tuple[Fix, ...]:
    """Return the fixes of an unknown key: the name that was meant, or none.

    Args:
        source: The merged file and environment.
        path: The tables and the key.
        suggestion: The name that was meant.
        below: The path that the name of a variable means.
    """
    if below is not None:
        old = variable_of(*path)
        moved_below = Variable(variable_of(*below), f'"${old}"', unset=old, certainty="choice")
        return (moved_below, edits.remove(source, path, "choice"))
    if suggestion is None or value_at(source.values, (*path[:-1], suggestion)) is not None:
        return (edits.remove(source, path),)
    renamed = edits.rename(source, path, suggestion, "choice")
    return (renamed, edits.remove(source, path, "choice"))


def secret(path: ValuePath) -> tuple[Fix, ...]:
    """Return the fixes that give a secret: a variable, or the path of a file with it."""
    variable = variable_of(*path)
    return (
        Variable(variable, f"'{_part(path)}'", certainty="fill"),
        Variable(f"{variable}_FILE", "'<path of a file with it>'", certainty="fill"),
    )


def moved(source: Source, path: ValuePath) -> tuple[Fix, ...]:
    """Return the fixes of a secret that is written in the file: it is removed, and given anew."""
    again = random_secret(path) if path == ("secret_key",) else secret(path)[:1]
    return (edits.remove(source, path), *again)


def random_secret(path: ValuePath) -> tuple[Fix, ...]:
    """Return the fix that makes a random secret in a file that only its owner may read."""
    variable, file = variable_of(*path), path[-1]
    make = f"(umask 077 && {RANDOM} > {file})"
    return (Variable(f"{variable}_FILE", f"$PWD/{file}", before=make),)


def secret_file(source: Source, path: ValuePath) -> tuple[Fix, ...]:
    """Return the fix of a file with a secret that cannot be used: the path of another one."""
    return (edits.set_value(source, path, "<path of a file with the secret>", "fill"),)


def url(source: Source, path: ValuePath, example: str) -> tuple[Fix, ...]:
    """Return the fixes of a URL, which may contain a password: it is not written into the file."""
    *table, name = path
    if source.origin(*table, f"{name}_file") in source.origins.values():
        return secret_file(source, (*table, f"{name}_file"))
    return (Variable(variable_of(*path), f"'{example}'", certainty="fill"),)


def example_of(field: msgspec.structs.FieldInfo) -> Any:
    """Return the field's first example, else some value of its type; None for a free text."""
    info = msgspec.inspect.type_info(field.type)
    if examples := (getattr(info, "extra_json_schema", None) or {}).get("examples"):
        return examples[0]
    while isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    if isinstance(info, msgspec.inspect.UnionType):
        info = next(one for one in info.types if not isinstance(one, msgspec.inspect.NoneType))
    if isinstance(info, msgspec.inspect.LiteralType):
        return info.values[0]
    if isinstance(info, msgspec.inspect.BoolType):
        return False
    if isinstance(info, msgspec.inspect.IntType | msgspec.inspect.FloatType):
        return info.ge if info.ge is not None else (info.gt or 0) + 1
    if isinstance(info, msgspec.inspect.ListType):
        return []
    return None


def _part(path: ValuePath) -> str:
    return f"<{path[-1].replace('_', ' ')}>"
