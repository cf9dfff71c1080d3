"""What is still sealed by a former secret key: K210."""

from collections.abc import Iterator

from mercato_composition.commands import Operation
from mercato_composition.faults import Fault, Outside, Place, mercato
from mercato_kit import sealed, work
from mercato_kit.db import engine
from mercato_kit.sealed import Tally


def tallies(operation: Operation) -> list[Tally]:
    """Count the sealed values of all features, by the key that seals them."""
    manifests = [feature.manifest for feature in operation.plan.features]
    columns = list(sealed.columns_of(manifests))
    if not columns:
        return []
    with operation.app.app_context():
        found = work.run(lambda: [sealed.tally(one) for one in columns], read_only=True)
        engine().dispose()
    return found


def faults_of(tally: Tally) -> Iterator[Fault]:
    """Give what is wrong with a column: the previous or an unknown key seals values."""
    place = Place(name=tally.column)
    if tally.previous:
        what = f"{tally.previous} values are sealed by the previous secret key."
        yield Fault("K210", place, what, (mercato("worker", "--once"),), severity="warning")
    if tally.unknown:
        what = f"{tally.unknown} values cannot be opened: another secret key seals them."
        fix = "set secret_key_previous to that key, and secret_key_previous_until"
        yield Fault("K210", place, what, (Outside(fix),), mark="unknown")
