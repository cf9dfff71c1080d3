"""What requests cost where a hundred more features are composed beside ours."""

import os
from dataclasses import replace
from pathlib import Path

from parts import gizmos, instructions, shop as shops
from parts.report import Table

COUNT = 100
NAMES = ("nothing", "detail", "order-detail", "order")


def measure(place: Path) -> list[Table]:
    """Count with three features, and with the copies of one from the template beside them."""
    folder = place / "installed"
    folder.mkdir()
    names = gizmos.install(folder, COUNT)
    with shops.opened(place, 2_000, "postgresql") as shop:
        few = instructions.measure(shop, place, ["ours"], NAMES)["ours"]
        deployment = place / "many.toml"
        more = "".join(f"[features.{name}]\n" for name in names)
        deployment.write_text(Path(shop.deployment).read_text() + more)
        os.environ["PYTHONPATH"] = str(folder)
        try:
            crowded = replace(shop, deployment=str(deployment))
            many = instructions.measure(crowded, place, ["ours"], NAMES)["ours"]
        finally:
            del os.environ["PYTHONPATH"]
    rows = [
        (name, f"{few[name]:.2f}", f"{many[name]:.2f}", f"{many[name] / few[name]:.2f}")
        for name in NAMES
    ]
    head = ("request", "3 features", f"{3 + COUNT} features", "times")
    return [Table(f"{instructions.UNIT} a request, with more features", head, rows)]
