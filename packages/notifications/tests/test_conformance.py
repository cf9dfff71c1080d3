from mercato_notifications.feature import feature
from mercato_testing.conformance import FeatureConformance


class TestConformance(FeatureConformance):
    feature = feature
