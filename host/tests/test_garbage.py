"""The garbage collector around a boot."""

import gc

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_host import create_app
from mercato_runtime import garbage


@pytest.fixture(params=[True, False])
def enabled(request):
    """The collector on, and off; afterwards as it was."""
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if before else gc.disable)()


class TestLeftAlone:
    def test_pauses_the_collector(self, enabled):
        """Nothing is collected inside."""
        with garbage.left_alone():
            inside = gc.isenabled()

        assert not inside

    def test_leaves_the_collector_as_it_was_after_a_boot(self, enabled):
        """An app does not decide about the process it is in."""
        create_app(read_deployment({"environment": "testing"}, {}))

        assert gc.isenabled() == enabled

    def test_leaves_the_collector_as_it_was_after_a_refusal(self, enabled):
        """A deployment that does not fit changes nothing either."""
        deployment = read_deployment({"environment": "testing", "features": {"nobody": {}}}, {})

        with pytest.raises(DeploymentError):
            create_app(deployment)

        assert gc.isenabled() == enabled
