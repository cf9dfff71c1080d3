from mercato_host.testing.conformance import FeatureConformance
from mercato_oidc.feature import feature


class TestConformance(FeatureConformance):
    feature = feature
