"""Import every module of an installed distribution, and print those that fail.

It needs only Python, because the environment has only the distribution and what it declares.

A subpackage with the name of an extra may need that extra, and is imported only with it.
"""

import argparse
import ast
import sys
from collections.abc import Collection, Iterator
from importlib import import_module
from importlib.metadata import PackagePath, distribution


def main() -> None:
    """Import the distribution on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("distribution")
    parser.add_argument("extras", nargs="*", help="installed extras")
    options = parser.parse_args()

    sources = list(find_sources(options.distribution, options.extras))
    failures = [failure for source in sources if (failure := try_import(source))]
    if failures or not sources:
        sys.exit("\n".join(failures) or f"{options.distribution} has no module.")
    sys.stdout.write(f"{options.distribution}: {len(sources)} imported, none failed.\n")


def find_sources(name: str, extras: Collection[str]) -> Iterator[PackagePath]:
    """Return the Python files of a distribution, without those of extras that are not installed.

    Files below a folder that is not a Python name are data, e.g. the template of a module.
    """
    installed = distribution(name)
    missing = set(installed.metadata.get_all("Provides-Extra", [])) - set(extras)
    for file in sorted(installed.files or []):
        is_source = file.suffix == ".py" and all(part.isidentifier() for part in file.parts[:-1])
        if is_source and not missing.intersection(file.parts[1:2]):
            yield file


def try_import(source: PackagePath) -> str | None:
    """Import one file, and return the error if that fails."""
    try:
        if is_script(source):
            run_imports(source)
        else:
            import_module(".".join(source.with_suffix("").parts).removesuffix(".__init__"))
    except ImportError as error:
        return f"{source}: {error}"
    except SystemExit as error:
        return f"{source}: ends the program with {error.code}"
    return None


def is_script(source: PackagePath) -> bool:
    """Return whether a file is a program: migrations and their ``env.py`` only run in Alembic."""
    is_alembic = not source.stem.isidentifier() or source.parts[-2:] == ("migrations", "env.py")
    return is_alembic or source.name == "__main__.py"


def run_imports(source: PackagePath) -> None:
    """Run only the import statements of a file."""
    tree = ast.parse(source.read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(tree, str(source), "exec"), {})  # noqa: S102 - a part of our own file


if __name__ == "__main__":
    main()
