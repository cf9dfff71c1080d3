import subprocess
import sys

import pytest

from mercato_payments_stripe.feature import feature
from mercato_testing.conformance import FeatureConformance


class TestConformance(FeatureConformance):
    feature = feature

    @pytest.fixture
    def settings(self, settings):
        """Settings without the key for browsers, which is of the mode of the secret key."""
        return {**settings, "publishable_key": None}


class TestFeature:
    def test_imports_the_library_when_it_is_called(self):
        """A shop that starts, or a command, does not wait for the import of Stripe's library."""
        program = "import mercato_payments_stripe.feature, sys; sys.exit('stripe' in sys.modules)"

        ended = subprocess.run([sys.executable, "-c", program], check=False)

        assert ended.returncode == 0
