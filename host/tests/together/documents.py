"""What the documents say of the repository, read from their text."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
DISTRIBUTIONS = ("packages/*", "packages/platform/*", "host")

Arrow = tuple[str, str]
"""Two short names: the first distribution may import the second."""


def distribution_folders() -> list[str]:
    """Return the folder of each distribution, relative to the root."""
    found = [file for it in DISTRIBUTIONS for file in ROOT.glob(f"{it}/pyproject.toml")]
    return sorted(str(file.parent.relative_to(ROOT)) for file in found)


def pages() -> list[Path]:
    """Return the pages that a person writes: those at the root and below docs."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/decisions/*.md")]
    return sorted(found)


def drawn_arrows(text: str) -> set[Arrow]:
    """Return the arrows of a Mermaid flowchart, such as ``dev --> composition & kit``."""
    lines = re.findall(r"^\s*(\w+)(?:\[.*?\])? --> (.+)$", text, re.MULTILINE)
    return {(start, end) for start, ends in lines for end in ends.split(" & ")}


def declared_arrows() -> set[Arrow]:
    """Return the arrows that import-linter checks; features have the same ones."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    platform = {(start, end) for start, ends in tools["mercato"]["arrows"].items() for end in ends}
    return platform | {("features", "contracts"), ("features", "kit")}


def owned_folders(text: str) -> set[str]:
    """Return the folders that a CODEOWNERS file has a line with a team for."""
    return set(re.findall(r"^/(\S+)/ +@\S+/\S+$", text, re.MULTILINE))


def broken_links(page: Path, text: str) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    return [it for it in links if "://" not in it and not (page.parent / it).exists()]


def requirements(text: str) -> dict[str, tuple[str, str]]:
    """Return what meets each requirement of the page on security, and why not, by its number."""
    rows = re.findall(r"^\| ([\d.]+) \| [^|]+ \| ([^|]*) \| ([^|]*) \|$", text, re.MULTILINE)
    return {number: (met.strip(), why.strip()) for number, met, why in rows}


def missing_tests(text: str) -> list[str]:
    """Return the tests that a page names, as ``path::class::function``, and that are not there."""
    named = re.findall(r"`(\S+\.py)::(\w+)::(\w+)`", text)
    return ["::".join(one) for one in named if not _has_test(*one)]


def _has_test(path: str, name: str, function: str) -> bool:
    file = ROOT / path
    tree = ast.parse(file.read_text() if file.exists() else "")
    return any(
        isinstance(member, ast.FunctionDef) and member.name == function
        for kind in tree.body
        if isinstance(kind, ast.ClassDef) and kind.name == name
        for member in kind.body
    )


def missing_modules(readme: str) -> list[str]:
    """Return the modules that the map in the README names and no distribution has."""
    return [name for name, pattern in _named(readme) if not list(ROOT.glob(pattern))]


def _named(readme: str) -> Iterator[tuple[str, str]]:
    """Give each module that the map names, and where it is."""
    for title, section in re.findall(r"^### (.+?)\n(.*?)(?=^### |\Z)", readme, re.M | re.S):
        folder = title.strip("`") if "`" in title else "packages/*"
        for cell in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE):
            for path in re.findall(r"`([^`]+)`", cell):
                # A module of a feature may have become a folder of the same name.
                name = path if "`" in title else path.replace(".py", "*")
                yield f"{title}: {path}", f"{folder}/src/*/{name}"
    features = "|".join(folder.name for folder in ROOT.glob("packages/*") if folder.is_dir())
    for feature, path in re.findall(rf"`({features})/([\w/]+\.\w+)`", readme):
        yield f"{feature}: {path}", f"packages/{feature}/src/*/{path}"
