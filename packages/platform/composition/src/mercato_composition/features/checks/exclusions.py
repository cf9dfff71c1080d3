"""K112: features that exclude each other."""

from collections.abc import Iterator, Sequence

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate


def none_excluded(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check that no feature excludes another one that is on (K112)."""
    for feature in features:
        for other in features:
            if reason := feature.manifest.excludes.get(other.name):
                what = f"must not run beside {other.where}: {reason}"
                fix = f"leave one of them out: [features.{feature.name}] or [features.{other.name}]"
                yield feature.fault("K112", what, fix)
