from mercato_testing.conformance import FeatureConformance
from mercato_vouchers.feature import feature


class TestConformance(FeatureConformance):
    feature = feature
