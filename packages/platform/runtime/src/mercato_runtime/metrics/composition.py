"""Metrics of the plan: features that are left out, and dangers that the operator accepts."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mercato_composition.features.plan import Plan


class Composition(Collector):
    """What the deployment names and the app runs without, and what ``[accept]`` names.

    Args:
        plan: The plan of the app.
    """

    def __init__(self, plan: Plan) -> None:
        self._left_out = sorted(plan.left_out)
        self._accepted = sorted(fault.accepted for fault in plan.accepted if fault.accepted)

    def collect(self) -> Iterator[Metric]:
        """Yield whether the app is degraded, the features left out, and the accepted rules."""
        yield GaugeMetricFamily(
            "mercato_degraded", "1 if a feature is left out", value=bool(self._left_out)
        )
        yield _ones("mercato_left_out", "Features left out", "feature", self._left_out)
        yield _ones("mercato_accepted", "Dangers that [accept] names", "rule", self._accepted)


def _ones(name: str, text: str, label: str, values: Iterable[str]) -> Metric:
    metric = GaugeMetricFamily(name, text, labels=[label])
    for value in values:
        metric.add_metric([value], 1)
    return metric
