"""Metrics of the plan: which features the app runs without."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mercato_composition.features.plan import Plan


class LeftOut(Collector):
    """The features that the deployment names and the app runs without.

    Args:
        plan: The plan of the app.
    """

    def __init__(self, plan: Plan) -> None:
        self._names = sorted(plan.left_out)

    def collect(self) -> Iterator[Metric]:
        """Yield whether the app is degraded, and the features that are left out."""
        yield GaugeMetricFamily(
            "mercato_degraded", "1 if a feature is left out", value=bool(self._names)
        )
        left_out = GaugeMetricFamily("mercato_left_out", "Features left out", labels=["feature"])
        for name in self._names:
            left_out.add_metric([name], 1)
        yield left_out
