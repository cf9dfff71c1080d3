"""Read each feature's settings from the deployment file and the environment."""

from collections.abc import Iterable
from typing import Any

from mercato_composition.deployment.model import Deployment
from mercato_composition.deployment.sections import read_section, secrets_in_clear
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks.rules import unsafe_settings
from mercato_kit.settings import Settings


def read_settings(
    features: Iterable[Candidate], deployment: Deployment
) -> tuple[dict[str, Any], list[Fault]]:
    """Read the settings of all features.

    Returns:
        An instance of each feature's settings class, by feature name; and all faults.
    """
    settings: dict[str, Any] = {}
    faults: list[Fault] = []
    for feature in features:
        kind = feature.manifest.settings or Settings
        path = ("features", feature.name, "settings")
        values, mistakes = read_section(
            kind, deployment.source, path, owner=feature.where, feature=feature.name
        )
        faults += mistakes
        if deployment.environment == "production":
            faults += secrets_in_clear(kind, deployment.source, path)
            faults += unsafe_settings(feature, values, deployment) if values else ()
        if values is not None and feature.manifest.settings is not None:
            settings[feature.name] = values
    return settings, faults
