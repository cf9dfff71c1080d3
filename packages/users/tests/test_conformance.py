from mercato_testing.conformance import FeatureConformance
from mercato_users.feature import feature


class TestConformance(FeatureConformance):
    feature = feature
