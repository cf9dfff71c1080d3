"""Typed settings of a feature, read from the deployment file and the environment."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar, Generic, Literal, TypeVar, cast

import msgspec

_CREDENTIALS = re.compile(r":.*@|://.*\?|://:", re.DOTALL)
"""Text that may be a URL, or a part of one, with a password or a token."""

_LONGEST_SHOWN = 200
"""Maximum characters of a value in a message."""

_PLAIN = (
    msgspec.inspect.BoolType,
    msgspec.inspect.IntType,
    msgspec.inspect.FloatType,
    msgspec.inspect.DecimalType,
    msgspec.inspect.StrType,
    msgspec.inspect.LiteralType,
    msgspec.inspect.EnumType,
    msgspec.inspect.UUIDType,
    msgspec.inspect.DateType,
    msgspec.inspect.NoneType,
)
"""Scalar types, whose values may be shown in messages."""


UNSAID: Any = object()
"""The value of a setting that is not given, so that its default applies."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A value of a setting that development may use and production refuses.

    Args:
        key: The setting.
        unsafe: Whether these settings are unsafe in production. It reads ``key`` and ``reads``.
        why: The danger, in a few words: ``the link in a mail leads nowhere``.
        example: Unsafe values, by setting; the conformance suite checks that they are refused.
        instead: A safe value; by default the setting's own default is safe.
        reads: Other settings that *unsafe* reads.
        acceptable: Whether an operator may accept the danger: ``[accept]`` in the deployment file.
    """

    key: str
    unsafe: Callable[[Any], bool]
    why: str
    example: Mapping[str, Any]
    instead: Any = UNSAID
    reads: Sequence[str] = ()
    acceptable: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a feature's settings.

    Each field has a type and a description: ``Annotated[int, Meta(description="…")]``. A field
    without a default is required; ``Meta(examples=[…])`` shows a value. ``production`` lists the
    values that production refuses. ``__post_init__`` may refuse a value:
    ``raise WrongSetting("colour", "expected …")``; or several together, with a ``ValueError``.
    """

    production: ClassVar[Sequence[Rule]] = ()


class WrongSetting(ValueError):
    """A value that ``__post_init__`` refuses.

    Args:
        key: The name of the setting.
        detail: What is expected; without the value of a secret.
        instead: A value that fits the other settings, if the default does not.
    """

    def __init__(self, key: str, detail: str, *, instead: Any = None) -> None:
        super().__init__(f"{key}: {detail}")
        self.key = key
        self.detail = detail
        self.instead = instead


class Secret:
    """A text that is never shown in logs, errors or ``repr``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Mistake:
    """An invalid setting.

    Args:
        key: Name of the setting; empty for several settings that are invalid together
            (``__post_init__``).
        kind: ``missing`` (required and absent), ``wrong`` (type or range), ``unknown``.
        detail: What is wrong; never contains a possible secret.
        suggestion: The most similar known name, for an unknown setting.
        instead: A value that fits the other settings, if the default does not.
    """

    key: str
    kind: Literal["missing", "wrong", "unknown"]
    detail: str
    suggestion: str | None = None
    instead: Any = None


AnySettings = TypeVar("AnySettings", bound=Settings)


@dataclass(frozen=True, slots=True)
class Reading(Generic[AnySettings]):
    """What values say about settings.

    Args:
        settings: The settings; None if one is missing or wrong.
        known: Each value that is valid, and the default of each setting that is not given.
        mistakes: What is wrong.
    """

    settings: AnySettings | None
    known: Mapping[str, Any]
    mistakes: list[Mistake]


def read(
    settings: type[AnySettings], values: Mapping[str, Any]
) -> tuple[AnySettings | None, list[Mistake]]:
    """Convert *values* to settings, and report all mistakes.

    Args:
        settings: The class of the settings.
        values: Values by name; text (from the environment) is converted to the field's type. A
            list is written with commas.

    Returns:
        The settings and an empty list, or None and the mistakes.
    """
    reading = read_partly(settings, values)
    return (None if reading.mistakes else reading.settings), reading.mistakes


def read_partly(settings: type[AnySettings], values: Mapping[str, Any]) -> Reading[AnySettings]:
    """Convert *values* as :func:`read` does, and return also the part that is valid."""
    fields = {field.name: field for field in msgspec.structs.fields(settings)}
    mistakes = [_unknown(key, fields) for key in values if key not in fields]
    taken: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in values:
            if field.required:
                mistakes.append(Mistake(name, "missing", describe(field)))
            continue
        value = _split(field, values[name])
        try:
            taken[name] = msgspec.convert(
                value, field.type, strict=not isinstance(value, str), dec_hook=_decode
            )
        except msgspec.ValidationError as error:
            mistakes.append(Mistake(name, "wrong", _detail(field, values[name], error)))
    made = None
    if all(mistake.kind == "unknown" for mistake in mistakes):
        made, refused = _made(settings, taken)
        mistakes += refused
    wrong = {mistake.key for mistake in mistakes}
    defaults = {name: default_of(field) for name, field in fields.items() if not field.required}
    known = {name: value for name, value in (defaults | taken).items() if name not in wrong}
    return Reading(made, known, mistakes)


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """Return a field's default; None if it is required."""
    if field.required:
        return None
    if field.default is msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _made(
    settings: type[AnySettings], taken: Mapping[str, Any]
) -> tuple[AnySettings | None, list[Mistake]]:
    """Make the settings, or return every mistake that ``__post_init__`` finds."""
    mistakes: list[Mistake] = []
    rest = dict(taken)
    required = {field.name for field in msgspec.structs.fields(settings) if field.required}
    while True:
        try:
            made = settings(**rest)
        except WrongSetting as error:
            if all(mistake.key != error.key for mistake in mistakes):
                mistakes.append(Mistake(error.key, "wrong", error.detail, instead=error.instead))
            if error.key not in rest or error.key in required:
                return None, mistakes
            # Without the value that is refused, the others can be checked.
            del rest[error.key]
        except ValueError as error:
            return None, [*mistakes, Mistake("", "wrong", str(error))]
        else:
            return (None if mistakes else made), mistakes


def _split(field: msgspec.structs.FieldInfo, value: Any) -> Any:
    """Return a text for a list or tuple as its parts; other values unchanged."""
    info = msgspec.inspect.type_info(field.type)
    if isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    is_list = isinstance(info, msgspec.inspect.ListType | msgspec.inspect.VarTupleType)
    if not (isinstance(value, str) and is_list):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def is_secret(field: msgspec.structs.FieldInfo) -> bool:
    """Return whether a field holds a secret."""
    return "Secret" in repr(field.type)


def describe(field: msgspec.structs.FieldInfo) -> str:
    """Return a field's type and description in one line."""
    meaning = meaning_of(field)
    return f"{kind_of(field)}: {meaning}" if meaning else kind_of(field)


def meaning_of(field: msgspec.structs.FieldInfo) -> str:
    """Return the description of a field; empty if it has none."""
    info = msgspec.inspect.type_info(field.type)
    return str((getattr(info, "extra_json_schema", None) or {}).get("description", ""))


def kind_of(field: msgspec.structs.FieldInfo) -> str:
    """Return a field's type with its range: ``int, 1 to 256``, ``"folder" or "smtp"``."""
    return "secret" if is_secret(field) else _kind(msgspec.inspect.type_info(field.type))


def _kind(info: msgspec.inspect.Type) -> str:
    if isinstance(info, msgspec.inspect.Metadata):
        return _kind(info.type)
    if isinstance(info, msgspec.inspect.LiteralType):
        return " or ".join(json.dumps(value) for value in info.values)
    if isinstance(info, msgspec.inspect.UnionType):
        return " or ".join(_kind(one) for one in info.types if type(one).__name__ != "NoneType")
    name = type(info).__name__.removesuffix("Type").lower()
    return f"{name}{_range(info)}"


def _range(info: msgspec.inspect.Type) -> str:
    least, most = getattr(info, "ge", None), getattr(info, "le", None)
    above = getattr(info, "gt", None)
    words = [] if above is None else [f"above {above}"]
    if least is not None and most is not None:
        words.append(f"{least} to {most}")
    elif least is not None:
        words.append(f"{least} or more")
    elif most is not None:
        words.append(f"{most} at most")
    return "".join(f", {word}" for word in words)


def current_settings(settings: type[AnySettings]) -> AnySettings:
    """Return the current app's settings of class *settings*.

    Raises:
        LookupError: No composed feature has settings of this class.
    """
    # Imported where an app is: what only reads settings starts without Flask.
    from mercato_kit.composition import current_composition  # noqa: PLC0415

    found = current_composition().settings_by_class.get(settings)
    if found is None:
        raise LookupError(f"no composed feature has settings of {settings.__name__}")
    return cast("AnySettings", found)


def _detail(field: msgspec.structs.FieldInfo, value: Any, error: msgspec.ValidationError) -> str:
    """Return what is wrong with *value*, and the value itself if it cannot be a secret."""
    if is_secret(field) or not _is_plain(msgspec.inspect.type_info(field.type)):
        shown = None
    else:
        shown = shown_as(value)
    expected = str(error).replace(" | null", "")
    expected = expected.replace("`object`", "a table").replace("`array`", "a list")
    if "matching regex" in expected and meaning_of(field):
        expected = f"Expected: {meaning_of(field)}"
    elif _is_choice(msgspec.inspect.type_info(field.type)):
        # This message of msgspec does not list the values that are valid.
        expected = f"Expected {kind_of(field)}"
    return expected if shown is None else f"{shown}: {expected}"


def shown_as(value: Any) -> str | None:
    """Return a value as shown in a message; None if it may contain a secret.

    Tables and lists may contain anything, and a URL may contain a password, even if it is
    malformed.
    """
    if not isinstance(value, (str, bool, int, float)):
        return None
    if isinstance(value, str) and _CREDENTIALS.search(value):
        return None
    try:
        text = repr(value)
    except ValueError:
        # Python refuses to convert integers of thousands of digits.
        return None
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _is_plain(info: msgspec.inspect.Type) -> bool:
    if isinstance(info, msgspec.inspect.Metadata):
        return _is_plain(info.type)
    if isinstance(info, msgspec.inspect.UnionType):
        return all(_is_plain(one) for one in info.types)
    return isinstance(info, _PLAIN)


def _is_choice(info: msgspec.inspect.Type) -> bool:
    if isinstance(info, msgspec.inspect.Metadata):
        return _is_choice(info.type)
    if isinstance(info, msgspec.inspect.UnionType):
        return any(map(_is_choice, info.types))
    return isinstance(info, msgspec.inspect.LiteralType)


def _unknown(key: str, fields: Mapping[str, Any]) -> Mistake:
    close = get_close_matches(key.lower().replace("-", "_"), fields, n=1)
    return Mistake(key, "unknown", "unknown setting", close[0] if close else None)


def _decode(kind: type[Any], value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise msgspec.ValidationError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")
