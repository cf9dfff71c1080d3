"""Where a contract that no enabled feature offers can come from."""

from collections.abc import Callable, Sequence
from typing import Any

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import Source
from mercato_composition.faults import Certainty, Fix, Outside
from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import contract_id


def how_to_get(
    contract: type[Any],
    broken: Sequence[str],
    load_others: Callable[[], Sequence[Candidate]],
    source: Source,
) -> list[Fix]:
    """Return the fixes that add a feature that offers *contract*.

    Args:
        contract: The Protocol.
        broken: Named features that could not be loaded, and that may offer it.
        load_others: Loads the installed features that are not enabled.
        source: The deployment file.
    """
    if broken:
        return [Outside(f"first fix the features that could not be loaded: {', '.join(broken)}")]
    able = [
        other.name
        for other in load_others()
        if any(offer.contract is contract for offer in other.manifest.offers)
    ]
    certainty: Certainty = "choice" if able[1:] else "sure"
    fixes: list[Fix] = [edits.set_value(source, ("features", name), {}, certainty) for name in able]
    id_ = contract_id(contract)
    return fixes or [Outside(f"install a feature that offers {id_}, and add it to {source.name}")]
