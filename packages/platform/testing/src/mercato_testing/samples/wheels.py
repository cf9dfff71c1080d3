"""Installed distributions for tests: metadata and a module in a folder of ``sys.path``."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

GOOD = """
    from mercato_kit.feature import Feature

    feature = Feature(name="{name}", summary="For a test.")
"""
"""The source of a wheel that fits, but for its name."""


def install(
    folder: Path,
    feature: str,
    source: str,
    *,
    distribution: str | None = None,
    version: str = "1.0",
    requires: Sequence[str] = (),
    module: str | None = None,
    metadata: str = "",
) -> str:
    """Install a distribution that offers *feature*, and return its name.

    Args:
        folder: A folder of ``sys.path``.
        feature: The name of its entry point.
        source: The module with ``feature`` in it; empty leaves the module out.
        distribution: Default: ``mercato-FEATURE``.
        version: Its version.
        requires: Its requirements.
        module: The module's name, unlike that of any other test.
        metadata: More lines for its metadata.
    """
    name = distribution or f"mercato-{feature.replace('_', '-')}"
    module = module or f"{name.replace('-', '_')}_{abs(hash(str(folder)))}"
    if source:
        (folder / f"{module}.py").write_text(dedent(source))
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    (info / "METADATA").write_text("\n".join([*lines, *metadata.splitlines(), ""]))
    (info / "entry_points.txt").write_text(f"[mercato.features]\n{feature} = {module}:feature\n")
    return name
