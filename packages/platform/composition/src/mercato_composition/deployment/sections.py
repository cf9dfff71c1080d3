"""Read one table of the deployment file into typed settings, or report faults in its values."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mercato_composition.deployment import corrections
from mercato_composition.deployment.file import Source, value_at, variable_of
from mercato_composition.deployment.partial import Hole, Partial
from mercato_composition.deployment.statements import ValuePath
from mercato_composition.faults import Fault, Place, Severity
from mercato_kit import settings
from mercato_kit.settings import Mistake, Reading, Settings

AnySettings = TypeVar("AnySettings", bound=Settings)


def read_section(
    kind: type[AnySettings],
    source: Source,
    path: ValuePath = (),
    *,
    owner: str | None = None,
    feature: str | None = None,
    absent: Severity | None = "error",
) -> tuple[Partial[AnySettings], list[Fault]]:
    """Read the table at *path* into *kind*, as far as it is known.

    A secret ``x`` may also be given as ``x_file``, the path of a file that contains it.

    Args:
        kind: The class with the table's keys.
        source: The merged file and environment.
        path: The table; the whole file by default.
        owner: The distribution and feature of these settings, for messages.
        feature: The feature that cannot be composed if a value is invalid.
        absent: How a required secret that is absent is reported; None for not at all.

    Returns:
        The settings, and the faults in them.
    """
    what = f"settings of {path[1]}" if path[2:] == ("settings",) else ".".join(path)
    if hole := _hole_of(source, path):
        return Partial(what, dict.fromkeys(kind.__struct_fields__, hole)), []
    values, unusable = _with_secrets(kind, source, path, feature)
    reading = settings.read_partly(kind, values)
    holes = {
        name: hole
        for name in kind.__struct_fields__
        if name not in values and (hole := source.hole(*path, name))
    }
    holes |= {name: Hole(fault.place.key, (fault.key,)) for name, fault in unusable.items()}
    faults = list(unusable.values())
    for mistake in (one for one in reading.mistakes if one.key not in holes):
        fault = _fault(kind, source, path, mistake, owner, feature)
        severity = absent if _is_absent_secret(kind, mistake) else fault.severity
        if severity is not None:
            faults.append(replace(fault, severity=severity))
        if mistake.kind != "unknown":
            holes[mistake.key] = Hole(fault.place.key, (fault.key,) if severity else ())
    return _partial(what, reading, holes), faults


def _is_absent_secret(kind: type[Settings], mistake: Mistake) -> bool:
    return mistake.kind == "missing" and mistake.key in secret_names(kind)


def _partial(
    what: str, reading: Reading[AnySettings], holes: Mapping[str, Hole]
) -> Partial[AnySettings]:
    because = tuple(dict.fromkeys(key for hole in holes.values() for key in hole.because))
    made = None if holes else reading.settings
    return Partial(what, {**reading.known, **holes}, made, because)


def _hole_of(source: Source, path: ValuePath) -> Hole | None:
    """Return why a whole table is unknown."""
    if not path:
        return None
    said = value_at(source.values, path)
    if said is not None and not isinstance(said, Mapping):
        place = source.origin(*path)
        return Hole(".".join(path), (f"K202@{place.key}",))
    return source.hole(*path)


def table_at(source: Source, path: ValuePath) -> Mapping[str, Any]:
    """Return the table at *path*; an empty one if it is missing or not a table."""
    table = value_at(source.values, path)
    return table if isinstance(table, Mapping) else {}


def secrets_in_clear(kind: type[Settings], source: Source, path: ValuePath = ()) -> Iterator[Fault]:
    """Find secrets that are written in the deployment file itself."""
    for name in secret_names(kind):
        if stands_in_file(source, *path, name):
            what = f"{name!r} is a secret and is written in clear text in the file."
            fixes = corrections.moved(source, (*path, name))
            yield Fault("K205", source.origin(*path, name), what, fixes)


def stands_in_file(source: Source, *path: str) -> bool:
    """Tell a value of the deployment file from one of a variable, or of a file of its own."""
    *table, name = path
    return name in table_at(source, tuple(table)) and not source.in_environment(*path)


def origin_of(source: Source, *path: str) -> Place | None:
    """Return the origin of a value, or of the file that it is read from; None for a default."""
    *table, name = path
    given = table_at(source, tuple(table))
    keys = [key for key in (f"{name}_file", name) if key in given]
    return source.origin(*table, keys[0]) if keys else None


def secret_names(kind: type[Settings]) -> list[str]:
    """Return the names of the settings that are secrets."""
    return [field.name for field in msgspec.structs.fields(kind) if settings.is_secret(field)]


def _below_a_table(kind: type[Settings], path: ValuePath, key: str) -> ValuePath | None:
    """Return the path that a variable means in which the second underscore of two is missing."""
    table, _, rest = key.partition("_")
    return (*path, table, rest) if rest and table in _tables_of(kind) else None


def _tables_of(kind: type[Settings]) -> set[str]:
    """Return the names of the settings that are tables, which no variable sets as a whole."""
    fields = msgspec.structs.fields(kind)
    return {field.name for field in fields if settings.kind_of(field).startswith("dict")}


def _with_secrets(
    kind: type[Settings], source: Source, path: ValuePath, feature: str | None
) -> tuple[dict[str, Any], dict[str, Fault]]:
    """Return the table with the content of secret files, and the faults of these files."""
    values, faults = dict(table_at(source, path)), {}
    for name in secret_names(kind):
        file = values.pop(f"{name}_file", None)
        if file is None:
            continue
        secret, reason = _secret_in(str(file))
        if not reason:
            values[name] = secret
            continue
        values.pop(name, None)
        shown = f"{settings.shown_as(file)} " if _is_path(str(file)) else ""
        what = f"the file {shown}with the secret {name!r} cannot be used: {reason}."
        key = (*path, f"{name}_file")
        fixes = corrections.secret_file(source, key)
        faults[name] = Fault("K202", source.origin(*key), what, fixes, feature=feature)
    return values, faults


def _secret_in(file: str) -> tuple[str, str]:
    """Read the secret in a file. Returns it, and what is wrong with the file, or ``""``."""
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        return "", error.strerror or "it cannot be read"
    except ValueError:
        return "", "it is not UTF-8 text"
    return text, "" if text else "it is empty"


def _is_path(text: str) -> bool:
    """Tell a path from a secret that was given in its place, which must not be shown."""
    if settings.shown_as(text) is None:
        return False
    file = Path(text)
    # A secret may start with a slash, so that the root is its folder.
    with suppress(OSError):
        return file.exists() or (file.parent.name != "" and file.parent.is_dir())
    return False


def _fault(
    kind: type[Settings],
    source: Source,
    path: ValuePath,
    mistake: Mistake,
    owner: str | None,
    feature: str | None,
) -> Fault:
    table = f"in [{'.'.join(path)}]" if path else f"at the top of {source.name}"
    of_whom = f" of {owner}" if owner else ""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    here, field = (*path, mistake.key), fields.get(mistake.key)
    if mistake.kind == "missing" and field is not None:
        what = f"required setting {mistake.key!r}{of_whom} is missing ({mistake.detail})."
        fixes = corrections.given(source, here, field)
        return Fault("K201", source.origin(*here), what, fixes, feature=feature)
    if mistake.kind == "wrong":
        if field is None:
            what = f"the settings{of_whom} do not fit together: {mistake.detail}."
            fixes = corrections.together(source, path)
            return Fault("K202", source.origin(*path), what, fixes, feature=feature)
        what = f"setting {mistake.key!r}{of_whom} is invalid: {mistake.detail}."
        fixes = corrections.corrected(source, here, field, mistake.instead)
        place = (source.origin if settings.is_secret(field) else source.shown)(*here)
        return Fault("K202", place, what, fixes, feature=feature)
    meant = f" Did you mean {mistake.suggestion!r}?" if mistake.suggestion else ""
    below = _below_a_table(kind, path, mistake.key) if source.in_environment(*here) else None
    if below is not None:
        meant = f" Did you mean {variable_of(*below)}?"
    what = f"there is no setting {mistake.key!r}{of_whom} {table}.{meant} "
    what += f"Settings: {', '.join(fields) or 'none'}"
    if path[:1] == ("features",) and len(path) == 2:
        what += f". Those of the feature itself are in [{'.'.join(path)}.settings]"
    fixes = corrections.known(source, here, mistake.suggestion, below)
    return Fault("K203", source.key(*here), what, fixes, feature=feature)
