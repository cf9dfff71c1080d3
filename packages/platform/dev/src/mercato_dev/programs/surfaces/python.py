"""Describe the public Python of a package from its sources, without importing it.

In a package whose ``__init__`` has ``__all__``, the listed modules and names are public; in any
other, each name without an underscore. A member is ``.name``, a parameter ``(name)``. ``required``
marks what others must write or pass: a parameter without a default, an abstract method, a member
of a Protocol without a default, and every parameter of a Protocol's method.
"""

import hashlib
from pathlib import Path

import griffe

from surfaces.trees import Tree

Member = griffe.Object | griffe.Alias
POSITIONAL = (griffe.ParameterKind.positional_only, griffe.ParameterKind.positional_or_keyword)


def describe_python(folder: Path, name: str) -> Tree:
    """Describe the package *name* in *folder*."""
    module = griffe.load(
        name, search_paths=[folder], try_relative_path=False, allow_inspection=False
    )
    mark_public(module)
    return {name: describe_object(module)}


def mark_public(module: Member) -> None:
    """Mark the public modules below a module."""
    exports = [str(export) for export in module.exports or ()]
    for name, member in module.members.items():
        if isinstance(member, griffe.Module):
            is_name = name.isidentifier() and not name.startswith("_")
            member.public = name in exports if exports else is_name
            mark_public(member)


def describe_object(one: Member) -> Tree:
    """Describe a module, class, function or attribute, with its public members."""
    tree: Tree = {"kind": one.kind.value}
    if must_be_written(one):
        tree["required"] = True
    if isinstance(one, griffe.Function):
        return tree | describe_function(one)
    if isinstance(one, griffe.Attribute):
        # A lower-case name is an object (feature = Feature(...)), not a constant.
        is_constant = isinstance(one.parent, griffe.Module) and not one.name.islower()
        return tree | texts(type=one.annotation, value=one.value if is_constant else None)
    if isinstance(one, griffe.Class):
        tree["bases"] = sorted(str(base) for base in one.bases)
    for name, member in one.all_members.items():
        target = follow(member)
        is_elsewhere = target is not member and is_shown(target)
        if not member.is_public or (member.inherited and is_elsewhere):
            continue
        # What is described elsewhere, or belongs to another distribution, is only named.
        if target is None or is_elsewhere:
            tree[f".{name}"] = {"kind": "import"}
        else:
            tree[f".{name}"] = describe_object(target)
    return tree


def follow(member: Member) -> Member | None:
    """Return what a name refers to; None if that belongs to another distribution."""
    try:
        return member.final_target if isinstance(member, griffe.Alias) else member
    except griffe.AliasResolutionError:
        return None


def is_shown(one: Member | None) -> bool:
    """Return whether something is public where it is defined."""
    return one is not None and (one.parent is None or (one.is_public and is_shown(one.parent)))


def describe_function(function: griffe.Function) -> Tree:
    """Describe parameters and return type, except of fixtures and tests, which pytest calls."""
    if function.name.startswith("test_") or "fixture" in decorators_of(function):
        return {}
    tree: Tree = texts(returns=function.returns)
    for place, one in enumerate(function.parameters):
        tree[f"({one.name})"] = texts(kind=one.kind.value, default=one.default, type=one.annotation)
        if one.kind in POSITIONAL:
            tree[f"({one.name})"]["place"] = place
        if one.required or is_protocol(function.parent):
            tree[f"({one.name})"]["required"] = True
    return tree


def texts(**expressions: object) -> Tree:
    """Convert expressions to text, and long text to its hash, which still shows a change."""
    found = {name: str(one) for name, one in expressions.items() if one is not None}
    return {
        name: text if len(text) < 100 else hashlib.sha256(text.encode()).hexdigest()
        for name, text in found.items()
    }


def must_be_written(one: Member) -> bool:
    """Return whether a class that implements or extends the owner must define this member."""
    if isinstance(one, griffe.Function):
        # A Protocol's method that ends with its docstring or "..." has no default.
        is_empty = one.source.rstrip().endswith(("...", '"""', "'''"))
        return "abstractmethod" in decorators_of(one) or (is_protocol(one.parent) and is_empty)
    return isinstance(one, griffe.Attribute) and is_protocol(one.parent) and one.value is None


def decorators_of(function: griffe.Function) -> set[str]:
    """Return the names of a function's decorators, without modules and arguments."""
    names = (str(one.value).partition("(")[0] for one in function.decorators)
    return {name.rpartition(".")[2] for name in names}


def is_protocol(owner: Member | None) -> bool:
    """Return whether something is a Protocol, which other distributions implement."""
    bases = owner.bases if isinstance(owner, griffe.Class) else ()
    return "Protocol" in {str(base).partition("[")[0].rpartition(".")[2] for base in bases}
