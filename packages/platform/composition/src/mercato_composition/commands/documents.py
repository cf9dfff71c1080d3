"""What a command prints for programs: one JSON document, with ``--json``."""

import json
from typing import Any

import click

FORMAT = "1.0"
"""The version of every document: 1.x for additions."""

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
"""The option of a command that lists or plans."""


def print_document(command: str, **members: Any) -> None:
    """Print the document of a command: its name, the version of the format, and *members*."""
    click.echo(text_of({"format": FORMAT, "command": command, **members}))


def text_of(document: Any) -> str:
    """Return a document as it is printed."""
    return json.dumps(document, ensure_ascii=False, indent=2)
