"""A deployment whose environments hold a small database: a file with the revisions of features.

Locks, wheels, environments, releases, the journal and the commands are real; what is asked inside
an environment is answered from the names of the installed packages, without starting Python.
"""

import json

from mercato_composition.deployment import packages
from mercato_composition.deployment.places import Places
from mercato_composition.faults import Fault, Outside, Place
from mercato_installer.inside import DatabasePlan, Migration, Route, Step
from mercato_installer.installation import Installation
from mercato_kit.progress import Progress


class Lines(Progress):
    """Keeps the lines of the steps."""

    def __init__(self):
        super().__init__("none")
        self.lines = []

    def line(self, text):
        """Keep a line."""
        self.lines.append(text)


class FakeInside:
    """Features have a migration for each of their releases: 1.2 has 0001, 0002 and 0003."""

    def __init__(self, folder):
        self.tables = folder / "tables.json"

    @property
    def heads(self):
        """The revision of each feature's tables."""
        return json.loads(self.tables.read_text()) if self.tables.exists() else {}

    def check(self, chosen, file, shown, *, offline=False):
        """Report tables that are newer than the wheel, unless its text says that it fits."""
        del file, offline
        return [
            Fault("K303", Place(name=name), f"its tables are at {self.heads[name]}", fixes=FIX)
            for name, head in self._versions(chosen).items()
            if self.heads.get(name, "") > head and self.contracted(name)
        ]

    def database(self, chosen, file, shown):
        """Compare the wheels with the tables; a third migration contracts."""
        heads, steps = self.heads, []
        for name, head in self._versions(chosen).items():
            first = int(heads.get(name, "0")) + 1
            missing = tuple(
                Migration(f"{n:04d}", "contract" if n == 3 else "expand", waits=n >= 3)
                for n in range(first, int(head) + 1)
            )
            if missing:
                steps.append(Step(name, heads.get(name), missing))
        return DatabasePlan(heads, tuple(steps))

    def routes(self, chosen, file, shown):
        """Each feature has one route."""
        return tuple(Route(f"/v1/{name}", "GET") for name in self._versions(chosen))

    def upgrade(self, chosen, file, shown, *, contract, on_progress):
        """Write the new revisions."""
        heads = self.heads
        for step in self.database(chosen, file, shown).steps:
            now = [one.revision for one in step.migrations if contract or not one.waits]
            heads |= {step.feature: now[-1]} if now else {}
        self.tables.write_text(json.dumps(heads))

    def contracted(self, name):
        """Whether the third migration, which contracts, was applied."""
        return self.heads.get(name, "") >= "0003"

    @staticmethod
    def _versions(chosen):
        found = chosen.packages.glob("mercato_*.dist-info")
        parts = [it.name.removesuffix(".dist-info").split("-") for it in found]
        return {
            name.removeprefix("mercato_"): f"{int(version.split('.')[1]) + 1:04d}"
            for name, version in sorted(parts)
            if name not in ("mercato_host", "mercato_kit")
        }


FIX = (Outside("ask the test"),)


def installation_of(shop, progress=None, **more):
    """What a deploy of the shop works on."""
    requirements = packages.read(shop.file, {})
    return Installation(
        requirements=requirements,
        places=Places.of(shop.file),
        index=requirements.index,
        wait_seconds=5,
        progress=progress or Lines(),
        inside=FakeInside(shop.folder),
        **more,
    )
