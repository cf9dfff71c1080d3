"""Compares the public Python of two sources of one package, and prints what changed as JSON.

Run by ``nox -s release`` with the Python of an environment that holds griffe. Nothing is imported:
the sources are read, so that they need neither be installed nor fit together.

What is public: in a package whose ``__init__`` has an ``__all__``, the modules and names in it; in
any other, each module and name without an underscore. Of what is public,

- what griffe calls a breaking change needs a major version, but for the default of a parameter:
  who leaves it out still may, and gets something else (minor). So does another type or another
  value of a constant: whether it is a break depends on who reads it, and the line is there to see.
  What has a name in lower case is made by code and is no constant: ``feature = Feature(...)``;
- what is new needs a minor version. Where others write the class, it breaks theirs (major): a
  member of a Protocol that has no default, an abstract method, a parameter of a Protocol's method;
- pytest calls fixtures and tests, and knows their parameters by name: they may change.
"""

import argparse
import ast
import json
import logging
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import griffe

Change = tuple[str, str]
"""A level (``minor`` or ``major``), and what changed."""


def main() -> None:
    """Compare what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("before", type=Path, help="the folder to put on a path to import it")
    parser.add_argument("after", type=Path, help="the same, of today")
    parser.add_argument("module")
    wanted = parser.parse_args()
    # It mentions each import that it cannot follow: those of other distributions.
    logging.getLogger("griffe").setLevel(logging.ERROR)
    before, after = (load(folder, wanted.module) for folder in (wanted.before, wanted.after))
    changes = dict.fromkeys([*find_breaks(before, after), *find_news(before, after, set())])
    json.dump(list(changes), sys.stdout)


def load(folder: Path, name: str) -> griffe.Module:
    """Read a package, and mark what of it is public."""
    module = griffe.load(
        name, search_paths=[folder], try_relative_path=False, allow_inspection=False
    )
    if not isinstance(module, griffe.Module):
        raise TypeError(f"{name} is no package: {module.kind.value}")
    mark_public(module)
    return module


def mark_public(module: griffe.Module) -> None:
    """Mark which modules are public, and forget what is no promise of a function."""
    for name, member in module.members.items():
        if isinstance(member, griffe.Module):
            listed = [str(export) for export in module.exports or []]
            member.public = name in listed if listed else is_public_name(name)
            mark_public(member)
        elif isinstance(member, griffe.Class):
            forget_parameters_of_tests(member)
    forget_parameters_of_tests(module)


def is_public_name(name: str) -> bool:
    """Tell whether a module can be imported by its name, and is meant to be."""
    return name.isidentifier() and not name.startswith("_")


def forget_parameters_of_tests(owner: griffe.Module | griffe.Class) -> None:
    """Take the parameters from the functions that only pytest calls."""
    for name, member in owner.members.items():
        if isinstance(member, griffe.Function):
            decorators = {str(one.value).partition("(")[0] for one in member.decorators}
            if name.startswith("test_") or "pytest.fixture" in decorators:
                member.parameters = griffe.Parameters()


def find_breaks(before: griffe.Module, after: griffe.Module) -> Iterator[Change]:
    """Say what callers of *before* cannot do with *after*."""
    for breakage in griffe.find_breaking_changes(before, after):
        path = breakage.obj.canonical_path
        parameter = breakage.old_value or breakage.new_value
        if isinstance(parameter, griffe.Parameter):
            path += f"({parameter.name})"
        is_default = breakage.kind is griffe.BreakageKind.PARAMETER_CHANGED_DEFAULT
        yield "minor" if is_default else "major", f"{path}: {breakage.kind.value.lower()}"


def find_news(before: griffe.Object, after: griffe.Object, seen: set[str]) -> Iterator[Change]:
    """Say what is new in a module or a class, and what has another type or value.

    Args:
        before: It was.
        after: It is.
        seen: The paths that were looked at; those looked at here are added.
    """
    for name, member in after.members.items():
        new, old = follow(member), follow(before.all_members.get(name))
        if not member.is_public or new is None or new.canonical_path in seen:
            continue
        seen.add(new.canonical_path)
        if old is None:
            level = "major" if asks_of_others(after, new) else "minor"
            yield level, f"{new.canonical_path}: new {new.kind.value}"
        elif new.is_module or new.is_class:
            yield from find_news(old, new, seen)
        elif isinstance(old, griffe.Function) and isinstance(new, griffe.Function):
            yield from find_news_of_function(old, new)
        elif isinstance(old, griffe.Attribute) and isinstance(new, griffe.Attribute):
            yield from find_news_of_attribute(old, new)


def follow(member: griffe.Object | griffe.Alias | None) -> griffe.Object | None:
    """Return what a name stands for; None for what is not there, or of another distribution."""
    if not isinstance(member, griffe.Alias):
        return member
    try:
        return member.final_target
    except griffe.AliasResolutionError:
        return None


def find_news_of_function(before: griffe.Function, after: griffe.Function) -> Iterator[Change]:
    """Say which parameters a function has now, and which types are others."""
    level = "major" if is_protocol(after.parent) else "minor"
    for parameter in after.parameters:
        path = f"{after.canonical_path}({parameter.name})"
        if parameter.name not in before.parameters:
            # One that is required is a break already.
            if not parameter.required:
                yield level, f"{path}: new parameter"
        else:
            old = before.parameters[parameter.name]
            yield from find_other_text("type", path, old.annotation, parameter.annotation)
    yield from find_other_text("return type", after.canonical_path, before.returns, after.returns)


def find_news_of_attribute(before: griffe.Attribute, after: griffe.Attribute) -> Iterator[Change]:
    """Say whether an attribute has another type, and a constant of a module another value."""
    path = after.canonical_path
    yield from find_other_text("type", path, before.annotation, after.annotation)
    if isinstance(after.parent, griffe.Module) and not after.name.islower():
        yield from find_other_text("value", path, before.value, after.value)


def find_other_text(what: str, path: str, before: object, after: object) -> Iterator[Change]:
    """Say that an expression is written in another way, where there are two."""
    if None not in (before, after) and str(before) != str(after):
        yield "minor", f"{path}: another {what}: {shorten(before)} -> {shorten(after)}"


def shorten(expression: object) -> str:
    """Write an expression in one line that is not long."""
    return textwrap.shorten(str(expression), width=60, placeholder=" …")


def asks_of_others(owner: griffe.Object, new: griffe.Object) -> bool:
    """Tell whether those who write the class must do something about a new member of it."""
    if isinstance(new, griffe.Function):
        decorators = {str(one.value).rpartition(".")[2] for one in new.decorators}
        return "abstractmethod" in decorators or (is_protocol(owner) and not does_something(new))
    return is_protocol(owner) and isinstance(new, griffe.Attribute) and new.value is None


def is_protocol(owner: griffe.Object | None) -> bool:
    """Tell whether something is a class that others write: a Protocol."""
    if not isinstance(owner, griffe.Class):
        return False
    bases = {str(base).partition("[")[0].rpartition(".")[2] for base in owner.bases}
    return "Protocol" in bases


def does_something(function: griffe.Function) -> bool:
    """Tell whether a function has a body, beside its docstring and ``...``."""
    (tree,) = ast.parse(textwrap.dedent(function.source)).body
    body = tree.body if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef) else []
    return any(
        not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in body
    )


if __name__ == "__main__":
    main()
