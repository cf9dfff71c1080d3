import subprocess
import sys

from mercato_mfa.feature import feature
from mercato_testing.conformance import FeatureConformance


class TestConformance(FeatureConformance):
    feature = feature


class TestFeature:
    def test_imports_the_library_when_it_is_called(self):
        """A shop that starts, or a command, does not wait for the import of webauthn."""
        program = "import mercato_mfa.feature, sys; sys.exit('webauthn' in sys.modules)"

        ended = subprocess.run([sys.executable, "-c", program], check=False)

        assert ended.returncode == 0
