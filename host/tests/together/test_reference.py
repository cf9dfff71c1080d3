"""The generated parts of docs are as ``nox -s docs`` writes them."""

import pytest

from . import reference


class TestReference:
    @pytest.mark.parametrize("name", list(reference.PAGES))
    def test_is_in_step_with_the_code(self, name):
        """Each page is as its code says; where it is not, `nox -s docs` writes it."""
        written = (reference.FOLDER / name).read_text()

        assert written == reference.PAGES[name]()
