"""Checks of the API document."""

from collections.abc import Iterator, Mapping
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from mercato_kit.feature import Feature
from mercato_runtime.api.refusals import shared_problems

_SHARED = {"Problem", "FieldError", "PaginationMetadata", *shared_problems()}
"""Schemas of the platform, which have no prefix."""


def invalid_parts(document: Mapping[str, Any]) -> Iterator[str]:
    """Find violations of OpenAPI 3.1."""
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        yield f"{'/'.join(map(str, error.absolute_path)) or 'document'}: {error.message[:300]}"


def strange_names(document: Mapping[str, Any], feature: Feature) -> Iterator[str]:
    """Find schemas whose name does not start with the feature's name."""
    prefix = "".join(part.title() for part in feature.name.split("_"))
    for name in document.get("components", {}).get("schemas", {}):
        if name not in _SHARED and not name.startswith(prefix):
            yield f"schema {name}: its name must start with {prefix}"
