"""Imports every module of one installed distribution, and names those that cannot be.

Run by ``nox -s imports`` with the Python of an environment that holds the distribution and what it
declares. There is nothing else in it, so this needs nothing but Python itself.

A subpackage with the name of an extra may need that extra. It is imported only where the extra is
installed.
"""

import argparse
import ast
import sys
from collections.abc import Collection, Iterator
from importlib import import_module
from importlib.metadata import PackagePath, distribution


def main() -> None:
    """Import what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("distribution")
    parser.add_argument("extras", nargs="*", help="those that are installed with it")
    wanted = parser.parse_args()

    sources = list(find_sources(wanted.distribution, wanted.extras))
    failures = [failure for source in sources if (failure := try_import(source))]
    if failures or not sources:
        sys.exit("\n".join(failures) or f"{wanted.distribution} has no module.")
    sys.stdout.write(f"{wanted.distribution}: {len(sources)} imported, none failed.\n")


def find_sources(name: str, extras: Collection[str]) -> Iterator[PackagePath]:
    """Find the Python files that a wheel installed, without those of extras that are not there.

    A file below a folder that Python cannot name is data: the template of a module, for example.
    """
    installed = distribution(name)
    missing = set(installed.metadata.get_all("Provides-Extra", [])) - set(extras)
    for file in sorted(installed.files or []):
        is_source = file.suffix == ".py" and all(part.isidentifier() for part in file.parts[:-1])
        if is_source and not missing.intersection(file.parts[1:2]):
            yield file


def try_import(source: PackagePath) -> str | None:
    """Import one file; say why if it cannot be."""
    try:
        if is_script(source):
            carry_out_imports(source)
        else:
            import_module(".".join(source.with_suffix("").parts).removesuffix(".__init__"))
    except ImportError as error:
        return f"{source}: {error}"
    except SystemExit as error:
        return f"{source}: ends the program with {error.code}"
    return None


def is_script(source: PackagePath) -> bool:
    """Tell whether a file is a program: migrations and their ``env.py`` run in Alembic alone."""
    is_alembic = not source.stem.isidentifier() or source.parts[-2:] == ("migrations", "env.py")
    return is_alembic or source.name == "__main__.py"


def carry_out_imports(source: PackagePath) -> None:
    """Do what the import statements of a file do, and nothing else of it."""
    tree = ast.parse(source.read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(tree, str(source), "exec"), {})  # noqa: S102 - our own file, of which we run less


if __name__ == "__main__":
    main()
