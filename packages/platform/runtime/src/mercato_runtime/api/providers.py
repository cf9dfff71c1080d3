"""Document the names of providers: one component a contract, with what is composed."""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import fields

from mercato_composition.features.relations import OffersByContract
from mercato_kit.feature import contract_id
from mercato_kit.schemas.providers import ProviderName
from mercato_runtime.api.names import ComponentNames, prefix_of
from mercato_runtime.api.refusals import SCHEMAS

_REPLACED = ("type", "minLength", "maxLength", "anyOf")


def component_of(contract: type[Any]) -> str:
    """Return the name of the component that has the names of a contract's providers."""
    return f"{prefix_of(contract_id(contract))}Names"


def reference_to_names(
    names: ComponentNames, contracts: dict[str, type[Any]]
) -> Callable[..., dict[str, Any]]:
    """Return an attribute function of apispec: a :class:`ProviderName` refers to its component.

    Args:
        names: The names of components, which get those of the contracts.
        contracts: Gets the contracts that fields refer to, by the name of the component.
    """

    def refer(_converter: Any, field: fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(field, ProviderName):
            return {}
        name = component_of(field.contract)
        if name not in contracts:
            contracts[name] = field.contract
            names.provide(name)
        for key in _REPLACED:
            ret.pop(key, None)
        reference = {"$ref": SCHEMAS + name}
        return {"anyOf": [reference, {"type": "null"}]} if field.allow_none else reference

    return refer


def describe_providers(
    schemas: dict[str, Any], contracts: Mapping[str, type[Any]], answers: OffersByContract
) -> None:
    """Add a component for each contract that a field refers to: the names of its providers."""
    for name, contract in contracts.items():
        found = sorted(one.name for one in answers.get(contract, ()))
        # An empty enum is no valid type for many generators of clients.
        accepted: dict[str, Any] = {"enum": found} if found else {"not": {}}
        text = f"A provider of {contract_id(contract)}: what enabled features offer"
        schemas[name] = {"type": "string", "description": text, **accepted}
