"""What clients see: the part of the API document that is of a distribution."""

import sys
from collections.abc import Iterator
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from types import new_class
from typing import Any

from packaging.specifiers import SpecifierSet

from mercato_composition.deployment.reader import read_deployment
from mercato_host import create_app
from mercato_kit.feature import Feature
from mercato_kit.feature import Need
from mercato_kit.feature import Offer
from mercato_kit.identity import IdentityProvider
from surfaces.settings import made_up_settings

Document = dict[str, Any]


def describe_http(features: Sequence[Feature]) -> Document:
    """Ask the host for the API document of *features*; nothing else in it has operations."""
    if not features:
        return {"paths": {}, "components": {}}
    with TemporaryDirectory() as folder:
        tables = {one.name: {"settings": made_up_settings(one.settings)} for one in features}
        deployment = read_deployment(
            {
                "environment": "testing",
                "database": {"url": f"sqlite:///{folder}/never-opened.db"},
                "features": tables,
            }
        )
        app = create_app(deployment, features=stand_ins(features))
        document = app.test_client().get("/openapi.json").get_json()
    return {key: document[key] for key in ("paths", "components")}


def stand_ins(features: Sequence[Feature]) -> Iterator[Feature]:
    """Make what *features* need of others, or wait for; all of it does nothing."""
    conditions = [one for feature in features for glue in feature.glue for one in glue.when]
    offered = {offer.contract for feature in features for offer in feature.offers}
    needs = [need for feature in features for need in feature.needs]
    needs += [one for one in conditions if isinstance(one, Need)]
    wanted: dict[type, SpecifierSet] = {IdentityProvider: SpecifierSet()}
    for need in needs:
        others = wanted.get(need.contract, SpecifierSet())
        wanted[need.contract] = others & SpecifierSet(need.versions)
    offers = [
        # It inherits the methods of the contract, so their signatures are right.
        Offer(contract, version_within(versions), new_class("StandIn", (contract,)))
        for contract, versions in wanted.items()
        if contract not in offered
    ]
    yield Feature(name="stand_ins", summary="What the features need of others.", offers=offers)
    names = {one for one in conditions if isinstance(one, str)}
    for name in sorted(names - {feature.name for feature in features}):
        yield Feature(name=name, summary="What a feature waits for.")


def version_within(versions: SpecifierSet) -> str:
    """Return a version that is in a range."""
    bounds = sorted(one.version.removesuffix(".*") for one in versions)
    candidates = ["1.0", *bounds, *(f"{one}.1" for one in bounds), "0"]
    found = next((one for one in candidates if versions.contains(one, prereleases=True)), None)
    if found is None:
        sys.exit(f"Found no version in {versions}, which a need or glue asks for.")
    return found
