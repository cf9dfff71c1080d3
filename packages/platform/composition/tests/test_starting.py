"""No garbage is collected while a process starts."""

import gc
import subprocess
import sys

import pytest

from mercato_composition.starting import uncollected

SCRIPT = """
import gc
from mercato_composition.starting import uncollected

counts = []
for _ in range(2):
    with uncollected():
        made = [[] for _ in range(1000)]
    counts.append(gc.get_freeze_count())
print(counts[0] > 1000, counts[1] <= counts[0])
"""


class TestUncollected:
    @pytest.mark.parametrize("enabled", [True, False])
    def test_collects_nothing(self, enabled):
        """Nothing is collected meanwhile; afterwards it is as before, also after an error."""
        (gc.enable if enabled else gc.disable)()
        try:
            with pytest.raises(KeyError, match="False"), uncollected():
                raise KeyError(gc.isenabled())

            assert gc.isenabled() == enabled
        finally:
            gc.enable()

    def test_keeps_what_the_first_start_made(self):
        """Later collections pass over it; what another start of the process makes may go."""
        ended = subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
        )

        assert (ended.stdout, ended.stderr) == ("True True\n", "")
