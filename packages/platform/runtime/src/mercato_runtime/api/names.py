"""Names of the components of the API document."""

from typing import Any

from marshmallow import Schema
from marshmallow.class_registry import get_class

from mercato_composition.faults import Fault, Outside
from mercato_composition.features.candidate import Candidate
from mercato_kit.schemas import Schema as KitSchema


class ComponentNames:
    """Names components after the feature: ``ReviewsComment`` for ``CommentSchema`` of ``reviews``.

    So a name does not depend on the other features. Schemas of the kit have no prefix.
    """

    def __init__(self) -> None:
        self.feature: Candidate | None = None
        self.faults: list[Fault] = []
        self._given: dict[str, tuple[type[Schema], Candidate | None]] = {}

    def __call__(self, schema: Any) -> str:
        """Return the component name of a schema class, instance or class name."""
        kind = _class_of(schema)
        name = kind.__name__.removesuffix("Schema")
        if self.feature is not None and not is_of_kit(kind):
            name = prefix_of(self.feature.name) + name
        if name in self._given and self.feature is not None:
            self.faults.append(self._clash(name, kind, self.feature))
            # Continue with another name to find more clashes; the faults stop the start.
            name = f"{name}{len(self.faults)}"
        self._given[name] = (kind, self.feature)
        return name

    def provide(self, name: str) -> None:
        """Take the name of a component that the platform adds itself."""
        self._given[name] = (KitSchema, None)

    def kind_of(self, name: str) -> type[Schema]:
        """Return the schema class of the component *name*."""
        return self._given[name][0]

    def owner_of(self, name: str) -> Candidate | None:
        """Return the feature of the component *name*; None for one of the kit."""
        kind, feature = self._given[name]
        return None if is_of_kit(kind) else feature

    def _clash(self, name: str, kind: type[Schema], feature: Candidate) -> Fault:
        other, owner = self._given[name]
        if other is kind and owner is feature:
            what = f"{kind.__name__} is used with different only=, exclude= or partial=."
            fix = "write one schema class for each shape"
        else:
            whose = f" of {owner.where}" if owner and owner is not feature else ""
            what = "\n".join(
                [
                    f"two schemas have the name {name} in the API document:",
                    f"{other.__module__}.{other.__name__}{whose}",
                    f"{kind.__module__}.{kind.__name__}",
                ]
            )
            fix = "rename one of them"
        return feature.fault("K407", what, Outside(fix))


def is_of_kit(kind: type[Schema]) -> bool:
    """Return whether a schema class belongs to the kit."""
    return kind.__module__.startswith("mercato_kit.")


def _class_of(schema: Any) -> type[Schema]:
    if isinstance(schema, str):
        return get_class(schema)
    return schema if isinstance(schema, type) else type(schema)


def prefix_of(name: str) -> str:
    """Return what the names of a feature's components begin with."""
    return "".join(part.capitalize() for part in name.split("_"))
