from mercato_mfa.feature import feature
from mercato_testing.conformance import FeatureConformance


class TestConformance(FeatureConformance):
    feature = feature
