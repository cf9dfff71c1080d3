from mercato_payments_sandbox.feature import feature
from mercato_testing.conformance import FeatureConformance


class TestConformance(FeatureConformance):
    feature = feature
