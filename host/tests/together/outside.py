"""Features that are made, built and installed outside of this repository."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from mercato_dev.scaffold import make_feature

PROVIDES = '''
from mercato_contracts.shipping import Method


class BundlesShipping:
    """A courier."""

    def methods(self, basket: Basket) -> tuple[Method, ...]:
        """Offer one method, everywhere."""
        return (Method("courier", "Courier", amount=990),)
'''

EXPANSIONS = '''
    """What bundles add to products."""

    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from mercato_contracts.catalog import Catalog
    from mercato_kit.feature import Expansion
    from mercato_kit.schemas import Line, Schema


    class BundleSchema(Schema):
        """The bundle of a product."""

        label = Line(required=True, max=40, metadata={"description": "Name of the bundle"})


    def read_bundles(product_ids: Sequence[UUID]) -> Mapping[UUID, object]:
        """Return the bundle of each product."""
        return dict.fromkeys(product_ids, {"label": "3 for 2"})


    EXPANSIONS = [
        Expansion(Catalog, "product", "bundles", BundleSchema, "Its bundle.", read_bundles)
    ]
'''

MANIFEST = '''
    """The manifest of the feature ``bundles``."""

    from mercato_bundles.expansions import EXPANSIONS
    from mercato_bundles.provides import BundlesDiscounts, BundlesShipping
    from mercato_contracts.discounts import Discounts
    from mercato_contracts.shipping import Shipping
    from mercato_kit.feature import Feature, Offer

    feature = Feature(
        name="bundles",
        summary="Every third unit is free.",
        offers=[
            Offer(Discounts, "1.0", BundlesDiscounts),
            Offer(Shipping, "1.0", BundlesShipping),
        ],
        expansions=EXPANSIONS,
    )
'''


def write_bundles(folder: Path) -> Path:
    """Write a feature with a discount, a shipping method and an expansion, from the template."""
    made = make_feature("bundles", folder, shape="contract", contract="discounts", workspace=False)
    source = made / "src/mercato_bundles"
    with (source / "provides.py").open("a") as provides:
        provides.write(PROVIDES)
    (source / "expansions.py").write_text(dedent(EXPANSIONS).lstrip())
    (source / "feature.py").write_text(dedent(MANIFEST).lstrip())
    return made


def install(site: Path, *folders: Path) -> None:
    """Build the wheel of each folder, and install them into a folder for ``sys.path``."""
    words = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", f"--target={site}"]
    command = [sys.executable, "-m", "uv", *words, f"--python={sys.executable}", *folders]
    subprocess.run(command, check=True)
