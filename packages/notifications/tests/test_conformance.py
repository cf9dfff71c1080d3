import subprocess
import sys

from mercato_notifications.feature import feature
from mercato_testing.conformance import FeatureConformance


class TestConformance(FeatureConformance):
    feature = feature


class TestFeature:
    def test_imports_what_renders_when_a_mail_is_rendered(self):
        """A shop that starts, or a command, does not wait for the import of Babel."""
        program = (
            "import mercato_notifications.feature, sys; "
            "sys.exit(len({'babel', 'jinja2.sandbox'} & sys.modules.keys()))"
        )

        ended = subprocess.run([sys.executable, "-c", program], check=False)

        assert ended.returncode == 0
