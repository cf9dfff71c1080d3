"""K109, K124, K203: what ``[remote]`` says of providers that ask other machines."""

from collections.abc import Iterator, Mapping, Sequence

from mercato_composition.deployment import corrections, edits
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import FeatureChoice
from mercato_composition.deployment.remotes import REFUSE, SKIP, Remotes, terms_in
from mercato_composition.faults import Fault, Outside, did_you_mean, nearest
from mercato_composition.features.answers import fallback_among
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.discovery import Unloaded, is_left_out, may_offer
from mercato_composition.features.relations import Offered, OffersByContract, satisfies
from mercato_kit.contracts import has_many
from mercato_kit.feature import contract_id


def remotes_known(
    remote: Remotes,
    offers: OffersByContract,
    unloaded: Unloaded,
    choices: Mapping[str, FeatureChoice],
    named: object,  # noqa: ARG001 - a feature that is unknown may offer it
    source: Source,
) -> Iterator[Fault]:
    """Check that each table in ``[remote]`` is of a remote provider (K203)."""
    by_id = {contract_id(contract): rivals for contract, rivals in offers.items()}
    for id_, tables in remote.items():
        rivals = by_id.get(id_)
        if rivals is None and is_left_out(id_, unloaded, choices):
            continue
        if rivals is None:
            what = f"no enabled feature offers a contract {id_!r}.{did_you_mean(id_, by_id)}"
            fixes = corrections.known(source, ("remote", id_), nearest(id_, by_id))
            place = source.key("remote", id_)
            yield Fault("K203", place, what, fixes, follows=may_offer(id_, unloaded))
            continue
        far = [one.name for one in rivals if one.remote]
        for name in (one for one in tables if one not in (*far, *unloaded)):
            path = ("remote", id_, name)
            is_local = name in [one.name for one in rivals]
            what = f"no enabled feature offers {id_} under the name {name!r}."
            what = f"{name} answers {id_} without another machine." if is_local else what
            fixes = corrections.known(source, path, nearest(name, set(far) - tables.keys()))
            what += did_you_mean(name, far)
            yield Fault("K203", source.key(*path), what, fixes)


def late_ones(
    remote: Remotes,
    offers: OffersByContract,
    answers: OffersByContract,
    unloaded: Unloaded,
    source: Source,
) -> Iterator[Fault]:
    """Check that what happens when a provider is late can be done (K124)."""
    for contract, rivals in offers.items():
        id_, many = contract_id(contract), has_many(contract)
        # Of many, one that answers anyway would be asked twice.
        asked = [one.name for one in answers.get(contract, ()) if many and not one.remote]
        local = [one.name for one in rivals if not one.remote and one.name not in asked]
        able = dict.fromkeys([REFUSE, *([SKIP] if many else []), *local])
        for one in (it for it in rivals if it.remote):
            late, path = terms_in(remote, id_, one.name).late, ("remote", id_, one.name, "late")
            if late not in able:
                why = _why(id_, late, asked, rivals)
                what = f'[remote.{id_}.{one.name}] late = "{late}": {why}'
                fixes = tuple(edits.set_value(source, path, word, "choice") for word in able)
                follows = (late,) if late in unloaded else ()
                yield Fault("K124", source.origin(*path), what, fixes, follows=follows)


def _why(id_: str, late: str, asked: Sequence[str], rivals: Sequence[Offered]) -> str:
    if late == SKIP:
        return f"an order without its {id_} would be wrong, so {id_} cannot be skipped."
    if late in asked:
        return f"{late} answers anyway, and would be asked twice."
    if late in [one.name for one in rivals]:
        return f"{late} asks another machine, too, and may be late itself."
    local = [one.name for one in rivals if not one.remote]
    return f"no enabled feature offers {id_} under this name.{did_you_mean(late, local)}"


def fallback_versions(
    features: Sequence[Candidate],
    remote: Remotes,
    offers: OffersByContract,
    answers: OffersByContract,
) -> Iterator[Fault]:
    """Check that what replaces a late provider is of a version that will do (K109)."""
    for feature in features:
        for need in feature.manifest.needs:
            for one in (it for it in answers.get(need.contract, ()) if it.remote):
                late = terms_in(remote, need.id, one.name).late
                instead = fallback_among(offers.get(need.contract, ()), late)
                if instead and not satisfies(instead.offer, need):
                    what = (
                        f"needs {need.id} {need.versions}; [remote.{need.id}.{one.name}] late = "
                        f'"{late}" is {instead.offer.version} from {instead.feature.release}.'
                    )
                    fix = f"upgrade the one that is behind, or choose another `late` for {one.name}"
                    yield feature.fault("K109", what, Outside(fix))
