import subprocess
import sys
from importlib.metadata import requires

import pytest

MODULES = [
    "mercato_contracts.catalog",
    "mercato_contracts.countries",
    "mercato_contracts.money",
    "mercato_contracts.stock",
]


class TestImport:
    def test_nothing_is_required(self):
        """The distribution has no dependencies."""
        assert not requires("mercato-contracts")

    @pytest.mark.parametrize("module", MODULES)
    def test_imports_only_the_standard_library(self, module):
        """Each contract imports only itself and the standard library."""
        program = (
            "import sys; before = set(sys.modules); "
            f"import {module}; "
            "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
        )

        printed = subprocess.check_output([sys.executable, "-c", program], text=True)

        assert set(printed.split()) <= {"mercato_contracts", *sys.stdlib_module_names}
