"""Broken wheels, and one that works."""

from dataclasses import dataclass, field
from shutil import rmtree

from mercato_testing.samples.wheels import install

STEADY = """
    import os

    from mercato_kit.feature import Feature
    from mercato_kit.http import Blueprint
    from mercato_kit.policies import anyone

    blueprint = Blueprint("{name}", __name__, url_prefix="/v1")


    @blueprint.get("/{name}", allow=anyone)
    @blueprint.response(200)
    def answer():
        '''Say which process answers'''
        return {{"process": os.getpid(), "code": "steady"}}


    feature = Feature(name="{name}", summary="For a test.", blueprints=[blueprint])
"""

MANIFEST = """
    from pathlib import Path
    from typing import Protocol

    import sqlalchemy as sa

    from mercato_kit.feature import Feature, Need, Offer
    from mercato_kit.http import Blueprint
    from mercato_kit.policies import anyone
    from mercato_kit.settings import Settings


    class Greeting(Protocol):
        def greet(self, name: str) -> str: ...


    class Rude:
        def greet(self): ...


    class Needy(Settings, frozen=True):
        address: str


    blueprint = Blueprint("{name}", __name__, url_prefix="/v1")


    def view():
        '''Answer'''


    {line}
    feature = Feature(name="{name}", summary="For a test.", {parts})
"""


@dataclass(frozen=True)
class Broken:
    """A wheel that cannot be composed.

    Args:
        code: The code of the expected fault.
        source: The text of its module; empty for a wheel without its module.
        options: Options of its metadata.
    """

    code: str
    source: str
    options: dict = field(default_factory=dict)


def manifest(code, parts="", line=""):
    """Describe a wheel whose manifest has *parts*; *line* comes before the manifest."""
    return Broken(code, MANIFEST.replace("{parts}", parts).replace("{line}", line))


BROKEN = {
    "an error at import": Broken("K103", "1 / 0"),
    "no Python at all": Broken("K103", "this is not Python"),
    "an end of the process at import": Broken("K103", "raise SystemExit(0)"),
    "a module that is gone": Broken("K116", ""),
    "a requirement that is away": Broken("K117", STEADY, {"requires": ["a-wheel-that-is-away"]}),
    "another kit": Broken("K105", STEADY, {"requires": ["mercato-kit>=99"]}),
    "something else than a manifest": Broken("K106", "feature = {{'name': '{name}'}}"),
    "a malformed manifest": manifest("K106", "needs=['catalog']"),
    "a route without policy": manifest(
        "K106", "blueprints=[blueprint]", "blueprint.get('/open')(view)"
    ),
    "a contract that is not offered": manifest("K108", "needs=[Need(Greeting, '>=1')]"),
    "a provider that does not fit": manifest("K113", "offers=[Offer(Greeting, '1.0', Rude)]"),
    "migrations left out": manifest("K118", "migrations=Path(__file__).parent / 'nowhere'"),
    "a missing setting": manifest("K201", "settings=Needy"),
    "a route of another feature": manifest(
        "K401", "blueprints=[blueprint]", "blueprint.get('/steady', allow=anyone)(view)"
    ),
    "a table of another feature's name": manifest(
        "K107", "metadata=METADATA", "METADATA = sa.MetaData(); sa.Table('steady_x', METADATA)"
    ),
    "a hook into all requests": manifest(
        "K409", "blueprints=[blueprint]", "blueprint.before_app_request(view)"
    ),
}


def put(folder, name, broken=None):
    """Install the wheel *name*, working or broken, over its earlier version."""
    module = f"mercato_{name}"
    (folder / f"{module}.py").unlink(missing_ok=True)
    rmtree(folder / f"mercato_{name}-1.0.dist-info", ignore_errors=True)
    source = STEADY if broken is None else broken.source
    options = {} if broken is None else broken.options
    install(folder, name, source.format(name=name), module=module, **options)
