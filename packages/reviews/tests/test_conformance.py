from mercato_reviews.feature import feature
from mercato_testing.conformance import FeatureConformance


class TestConformance(FeatureConformance):
    feature = feature
