import subprocess
import sys
from importlib.metadata import requires
from pkgutil import iter_modules

import mercato_contracts

MODULES = [
    f"mercato_contracts.{module.name}" for module in iter_modules(mercato_contracts.__path__)
]


class TestImport:
    def test_nothing_is_required(self):
        """The distribution has no dependencies."""
        assert not requires("mercato-contracts")

    def test_imports_only_the_standard_library(self):
        """The contracts import only each other and the standard library."""
        program = (
            "import sys; before = set(sys.modules); "
            f"import {', '.join(MODULES)}; "
            "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
        )

        printed = subprocess.check_output([sys.executable, "-c", program], text=True)

        assert "mercato_contracts.orders" in MODULES
        assert set(printed.split()) <= {"mercato_contracts", *sys.stdlib_module_names}
