"""Read each feature's settings from the deployment file and the environment."""

from collections.abc import Iterable, Mapping

from mercato_composition.deployment.draft import Draft
from mercato_composition.deployment.partial import Partial
from mercato_composition.deployment.sections import read_section
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_kit.settings import Settings


def read_settings(
    features: Iterable[Candidate], draft: Draft
) -> tuple[Mapping[str, Partial[Settings]], list[Fault]]:
    """Read the settings of all features.

    Returns:
        The settings as far as they are known, by feature name; and all faults.
    """
    settings: dict[str, Partial[Settings]] = {}
    faults: list[Fault] = []
    for feature in features:
        settings[feature.name], mistakes = read_section(
            feature.manifest.settings or Settings,
            draft.source,
            ("features", feature.name, "settings"),
            owner=feature.where,
            feature=feature.name,
            absent=draft.absent,
        )
        faults += mistakes
    return settings, faults
