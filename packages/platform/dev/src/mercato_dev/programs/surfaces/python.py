"""Describe the public Python of a package. Its sources are read; nothing is imported.

In a package whose ``__init__`` has an ``__all__``, the modules and names in it are public; in any
other, each module and name without an underscore. A member is ``.name``, a parameter ``(name)``.
``required`` is what others must write or pass: a parameter without a default, an abstract method,
a member without a default of a Protocol, and every parameter of a Protocol's method.
"""

import hashlib
from pathlib import Path

import griffe

from surfaces.trees import Tree

Member = griffe.Object | griffe.Alias
POSITIONAL = (griffe.ParameterKind.positional_only, griffe.ParameterKind.positional_or_keyword)


def describe_python(folder: Path, name: str) -> Tree:
    """Describe the package *name*, which is imported from *folder*."""
    module = griffe.load(
        name, search_paths=[folder], try_relative_path=False, allow_inspection=False
    )
    mark_public(module)
    return {name: describe_object(module)}


def mark_public(module: Member) -> None:
    """Mark which modules below a module are public."""
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
        # A name in lower case is made by code, and is no constant: feature = Feature(...).
        is_constant = isinstance(one.parent, griffe.Module) and not one.name.islower()
        return tree | texts(type=one.annotation, value=one.value if is_constant else None)
    if isinstance(one, griffe.Class):
        tree["bases"] = sorted(str(base) for base in one.bases)
    for name, member in one.all_members.items():
        target = follow(member)
        is_elsewhere = target is not member and is_shown(target)
        if not member.is_public or (member.inherited and is_elsewhere):
            continue
        # Of what is shown elsewhere, or is of another distribution, there is only the name.
        if target is None or is_elsewhere:
            tree[f".{name}"] = {"kind": "import"}
        else:
            tree[f".{name}"] = describe_object(target)
    return tree


def follow(member: Member) -> Member | None:
    """Return what a name stands for; None for what is of another distribution."""
    try:
        return member.final_target if isinstance(member, griffe.Alias) else member
    except griffe.AliasResolutionError:
        return None


def is_shown(one: Member | None) -> bool:
    """Tell whether something is public where it is defined."""
    return one is not None and (one.parent is None or (one.is_public and is_shown(one.parent)))


def describe_function(function: griffe.Function) -> Tree:
    """Describe the parameters and what is returned; pytest alone calls fixtures and tests."""
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
    """Write expressions as texts; a long one as its hash, so that another one is still seen."""
    found = {name: str(one) for name, one in expressions.items() if one is not None}
    return {
        name: text if len(text) < 100 else hashlib.sha256(text.encode()).hexdigest()
        for name, text in found.items()
    }


def must_be_written(one: Member) -> bool:
    """Tell whether those who write the class must write this member of it."""
    if isinstance(one, griffe.Function):
        # A method of a Protocol that ends with its docstring or "..." does nothing by itself.
        is_empty = one.source.rstrip().endswith(("...", '"""', "'''"))
        return "abstractmethod" in decorators_of(one) or (is_protocol(one.parent) and is_empty)
    return isinstance(one, griffe.Attribute) and is_protocol(one.parent) and one.value is None


def decorators_of(function: griffe.Function) -> set[str]:
    """Name the decorators of a function, without modules and arguments."""
    names = (str(one.value).partition("(")[0] for one in function.decorators)
    return {name.rpartition(".")[2] for name in names}


def is_protocol(owner: Member | None) -> bool:
    """Tell whether something is a class that others write: a Protocol."""
    bases = owner.bases if isinstance(owner, griffe.Class) else ()
    return "Protocol" in {str(base).partition("[")[0].rpartition(".")[2] for base in bases}
