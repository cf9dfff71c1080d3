"""What a changelog must say, before a release and after it."""

import re
from collections.abc import Iterator

from mercato_dev.distributions import Distribution

MARKER = "<!-- towncrier release notes start -->\n"


def faults_before_release(item: Distribution, version: str) -> Iterator[str]:
    """Say why the changelog cannot take the fragments in, as those of *version*."""
    changelog = item.folder / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8") if changelog.exists() else ""
    if MARKER not in text:
        yield (
            f"{item.short}: CHANGELOG.md does not say where releases go: write the line"
            f" {MARKER.strip()} above the newest"
        )
    if re.search(rf"^## {re.escape(version)}\b(?![.\d])", text, re.MULTILINE):
        yield f"{item.short}: CHANGELOG.md has a section for {version} already"


def faults_after_release(item: Distribution) -> Iterator[str]:
    """Find out whether the changelog tells what is in this version."""
    version = item.project["version"]
    changelog = item.folder / "CHANGELOG.md"
    text = changelog.read_text() if changelog.exists() else ""
    heading = rf"^## \[?{re.escape(version)}\]?(?![\w.])([^\n]*)$"
    section = re.search(rf"{heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if section is None:
        yield f"CHANGELOG.md has no section of {version}"
    elif "unreleased" in section[1].lower():
        yield f"CHANGELOG.md calls {version} unreleased"
    elif not section[2].strip():
        yield f"CHANGELOG.md says nothing about {version}"
