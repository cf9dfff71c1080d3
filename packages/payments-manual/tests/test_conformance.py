from mercato_payments_manual.feature import feature
from mercato_testing.conformance import FeatureConformance


class TestConformance(FeatureConformance):
    feature = feature
