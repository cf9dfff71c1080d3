"""Install distributions for tests: metadata and a module in a folder of ``sys.path``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent

GOOD = """
    from mercato_kit.feature import Feature

    feature = Feature(name="{name}", summary="For a test.")
"""
"""The source of a feature that fits; ``{name}`` is to be replaced."""


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
        feature: The name of the entry point.
        source: The source of the module with ``feature``; without it no module is written.
        distribution: The name of the distribution; default: ``mercato-FEATURE``.
        version: The version.
        requires: The requirements.
        module: The name of the module, which must differ from those of other tests.
        metadata: More lines of metadata.
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


def install_package(
    folder: Path, feature: str, files: Mapping[str, str], *, metadata: str = ""
) -> str:
    """Install a distribution that offers *feature* as a package, and return the package's name.

    Args:
        folder: A folder of ``sys.path``.
        feature: The name of the entry point.
        files: The source by path in the package; ``PACKAGE`` is replaced by the package's name.
        metadata: More lines of metadata.
    """
    package = f"mercato_{feature}_{abs(hash(str(folder)))}"
    for path, source in {"__init__.py": "", **files}.items():
        file = folder / package / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(source).replace("PACKAGE", package))
    install(folder, feature, "", module=f"{package}.feature", metadata=metadata)
    return package
