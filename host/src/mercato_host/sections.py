"""One table of the deployment file as typed settings, or the faults of its values."""

from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import TypeVar

import msgspec

from mercato_composition.deployment.file import Source
from mercato_composition.deployment.file import variable_of
from mercato_composition.faults import Fault
from mercato_kit import settings
from mercato_kit.settings import Mistake
from mercato_kit.settings import Settings

AnySettings = TypeVar("AnySettings", bound=Settings)


def read_section(
    kind: type[AnySettings],
    source: Source,
    path: tuple[str, ...] = (),
    *,
    owner: str | None = None,
    feature: str | None = None,
) -> tuple[AnySettings | None, list[Fault]]:
    """Read the table at *path* into *kind*.

    A secret ``x`` may also stand as ``x_file``, the path of a file that holds it.

    Args:
        kind: The class with the table's keys.
        source: What the operator said.
        path: Which table; the whole file by default.
        owner: The distribution and feature whose settings these are, as messages name it.
        feature: The feature that cannot be composed when they do not hold.
    """
    values, faults = _with_secrets(kind, source, path, feature)
    section, mistakes = settings.read(kind, values)
    faults += [_fault(kind, source, path, mistake, owner, feature) for mistake in mistakes]
    return (None if faults else section), faults


def table_at(source: Source, path: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the table at *path*, empty where there is none or something else stands there."""
    table: Any = source.values
    for part in path:
        table = table.get(part, {}) if isinstance(table, Mapping) else {}
    return table if isinstance(table, Mapping) else {}


def secrets_in_clear(
    kind: type[Settings], source: Source, path: tuple[str, ...] = ()
) -> Iterator[Fault]:
    """Find the secrets of a table that stand in the deployment file itself."""
    for name in secret_names(kind):
        if name in table_at(source, path) and not source.in_environment(*path, name):
            yield Fault(
                "K205",
                source.origin(*path, name),
                f"{name!r} is a secret and stands in clear in the file.",
                f"take it out; set {variable_of(*path, name)}, "
                f"or {variable_of(*path, name)}_FILE to the path of a file that holds it",
            )


def secret_names(kind: type[Settings]) -> list[str]:
    """Return the names of the settings that are secrets."""
    return [field.name for field in msgspec.structs.fields(kind) if settings.is_secret(field)]


def _with_secrets(
    kind: type[Settings], source: Source, path: tuple[str, ...], feature: str | None
) -> tuple[dict[str, Any], list[Fault]]:
    values, faults = dict(table_at(source, path)), []
    for name in secret_names(kind):
        file = values.pop(f"{name}_file", None)
        if file is None:
            continue
        try:
            values[name] = Path(str(file)).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = type(error).__name__
            shown = settings.shown_as(file) or "named"
            faults.append(
                Fault(
                    "K202",
                    source.origin(*path, f"{name}_file"),
                    f"the file {shown} with the secret {name!r} cannot be read: {reason}.",
                    "let the host's user read it, or name another",
                    feature=feature,
                )
            )
            # The value is there, so it must not be reported as absent as well.
            values[name] = ""
    return values, faults


def _fault(
    kind: type[Settings],
    source: Source,
    path: tuple[str, ...],
    mistake: Mistake,
    owner: str | None,
    feature: str | None,
) -> Fault:
    table = f"[{'.'.join(path)}]" if path else "the top"
    of_whom = f" of {owner}" if owner else ""
    where = source.origin(*path, mistake.key)
    variable = variable_of(*path, mistake.key)
    if mistake.kind == "missing":
        what = f"required setting {mistake.key!r}{of_whom} is absent ({mistake.detail})."
        fix = f"set {mistake.key} = … in {table} of {source.name}, or {variable}"
        return Fault("K201", where, what, fix, feature=feature)
    if mistake.kind == "wrong":
        what = f"setting {mistake.key!r}{of_whom} does not hold: {mistake.detail}."
        fix = f"correct {mistake.key} in {table} of {source.name}, or {variable}"
        return Fault("K202", where, what, fix, feature=feature)
    known = ", ".join(field.name for field in msgspec.structs.fields(kind)) or "none"
    meant = f" Did you mean {mistake.suggestion!r}?" if mistake.suggestion else ""
    what = f"there is no setting {mistake.key!r}{of_whom} in {table}.{meant} Settings: {known}"
    return Fault("K203", where, what, "correct the name, or take it out", feature=feature)
