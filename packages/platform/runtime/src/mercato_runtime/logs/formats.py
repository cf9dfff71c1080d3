"""The renderers of log lines: structlog's, for records of the standard library's loggers."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from functools import cached_property
from textwrap import indent
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO
from uuid import UUID

from flask import g, has_app_context

if TYPE_CHECKING:
    import structlog

_Line = MutableMapping[str, Any]
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

# Limits keep the search linear in text that a client sent.
_EMAIL = re.compile(r"[^\s@\"'<>()\[\]{}=,;:]{1,64}@[^\s@\"'<>()\[\]{}=,;:]{1,255}")

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


class Formatter(logging.Formatter):
    """Renders records with structlog, which is imported with the first: most commands log nothing.

    Args:
        as_json: One JSON object a line; else lines for people.
    """

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        return self._renderer.format(record)

    @cached_property
    def _renderer(self) -> "structlog.stdlib.ProcessorFormatter":
        import structlog  # noqa: PLC0415 - 70 ms

        common: list[structlog.typing.Processor] = [
            _add_facts,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ]
        json_only = [structlog.processors.format_exc_info, _mask]
        people_only = [_mask, _escape]
        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(json_only if self._as_json else people_only),
                structlog.processors.JSONRenderer(default=str)
                if self._as_json
                else structlog.dev.ConsoleRenderer(
                    colors=sys.stderr.isatty(), exception_formatter=_write_traceback
                ),
            ],
        )


def without_addresses(text: str) -> str:
    """Return *text* with its e-mail addresses hidden."""
    return _EMAIL.sub("…@…", text) if "@" in text else text


def _add_facts(_logger: object, _method: str, line: _Line) -> _Line:
    """Add what our loggers put into ``extra``, and the request that the line belongs to."""
    if has_app_context() and "request_id" in g:
        line["request_id"] = g.request_id
    for name, value in getattr(line["_record"], "facts", {}).items():
        line.setdefault(name, str(value) if isinstance(value, UUID) else value)
    return line


def _mask(_logger: object, _method: str, line: _Line) -> _Line:
    """Hide e-mail addresses, which drivers and libraries repeat in their errors."""
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = without_addresses(value)
    return line


def _escape(_logger: object, _method: str, line: _Line) -> _Line:
    """Escape control characters: a client must not end a line or write to the terminal."""
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = value.translate(_CONTROLS)
    return line


def _write_traceback(sio: TextIO, exc_info: _ExcInfo) -> None:
    """Write a traceback, indented: what an error's message contains cannot look like a line."""
    lines = "".join(traceback.format_exception(*exc_info)).splitlines()
    text = "\n".join(line.translate(_CONTROLS) for line in lines)
    sio.write("\n" + indent(without_addresses(text), "    "))
