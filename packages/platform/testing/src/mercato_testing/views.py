"""How the rows of a view are drawn, for the test that compares it with its schema.

A feature overrides a fixture in its ``conftest.py``::

    @pytest.fixture
    def view_cases():
        rows = st.builds(Note, text=st.text(max_size=9)).map(lambda note: [note])
        return {"NOTES": ViewCase(rows)}
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

# Importing it takes as long as ten tests, and most test runs have none of views.
if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def _by_id(row: Any) -> Mapping[str, Any]:
    return {"id": row.id}


def _as_it_is(row: Any) -> Any:
    return row


@dataclass(frozen=True)
class ViewCase:
    """How the rows of a view are drawn, and how its entity is loaded.

    Args:
        rows: Draws new rows in the order in which they are inserted; the first one of the view's
            model is shown.
        values: What the view finds that row by.
        options: Loader options of what the schema reads beside the row.
        loaded: Makes what the schema dumps of the loaded row.
    """

    rows: "SearchStrategy[Sequence[Any]]"
    values: Callable[[Any], Mapping[str, Any]] = _by_id
    options: Sequence[Any] = ()
    loaded: Callable[[Any], Any] = _as_it_is
