"""Check that the templates of mails are complete, and in English."""

from collections.abc import Iterator
from pathlib import Path

import jinja2

from mercato_kit.feature import Feature

PARTS = (".subject.txt", ".txt", ".html")
"""The files of a template; one whose name begins with ``_`` is a part of others."""

LAST = "en"
"""The language that every template has."""


def incomplete_templates(feature: Feature) -> Iterator[str]:
    """Find files of templates that are missing, and languages that lack a template."""
    if feature.mails is None:
        return
    languages = sorted(folder for folder in feature.mails.iterdir() if folder.is_dir())
    found = {folder.name: _names(folder) for folder in languages}
    every = set().union(*found.values())
    for language in sorted({*found, LAST}):
        missing = every - found.get(language, set())
        yield from (f"{language} has no mail {name!r}" for name in sorted(missing))
    for folder in languages:
        for name in sorted(found[folder.name]):
            files = (folder / f"{name}{part}" for part in PARTS)
            yield from (f"{file} is missing" for file in files if not file.is_file())


def malformed_templates(feature: Feature) -> Iterator[str]:
    """Find templates that Jinja cannot read, and HTML without the layout of all mails."""
    environment = jinja2.Environment(autoescape=True)
    environment.filters |= dict.fromkeys(("money", "date"), str)
    for file in sorted(feature.mails.rglob("*.*")) if feature.mails is not None else ():
        text = file.read_text("utf-8")
        try:
            environment.compile(text)
        except jinja2.TemplateSyntaxError as error:
            yield f"{file}: {error}"
        is_whole = file.suffix == ".html" and file.parent != feature.mails
        if is_whole and file.name[0] != "_" and '{% extends "layout.html" %}' not in text:
            yield f'{file} does not begin with {{% extends "layout.html" %}}'


def _names(folder: Path) -> set[str]:
    """Return the names of the templates in the folder of a language."""
    return {file.name.partition(".")[0] for file in folder.iterdir() if file.name[0] != "_"}
