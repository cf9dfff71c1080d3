"""Distributions for tests of wrong deployments, by name."""

import ast
import re
from importlib.metadata import entry_points
from textwrap import dedent, indent

from mercato_testing.samples.wheels import GOOD, install

_RELEASE = re.compile(r"([a-z_]+) ([0-9][0-9a-z.]*)")


def install_wheel(folder, text):
    """Install a distribution into a folder of ``sys.path``.

    Args:
        folder: The folder.
        text: ``orders 0.9``, or a function of :data:`WHEELS` with arguments:
            ``broken-import(line=12)``.
    """
    if release := _RELEASE.fullmatch(text):
        _another_version(folder, *release.groups())
        return
    name, _, arguments = text.rstrip(")").partition("(")
    call = ast.parse(f"f({arguments})", mode="eval").body
    WHEELS[name](folder, **{one.arg: ast.literal_eval(one.value) for one in call.keywords})


def _another_version(folder, feature, version):
    """Install the metadata of a real feature, with another version."""
    [real] = entry_points(group="mercato.features", name=feature)
    install(folder, feature, "", module=real.module, version=version)


def _plain(folder, name="lamps", version="1.0", distribution=None, requires=(), metadata=""):
    """A feature that fits."""
    install(
        folder,
        name,
        GOOD.format(name=name),
        version=version,
        distribution=distribution,
        requires=requires,
        metadata=metadata,
        module=f"wheel_{name}_{(distribution or 'mercato').replace('-', '_')}",
    )


def _broken_import(folder, line=1, name="lamps", error="1 / 0"):
    """A feature whose module raises an error in a line."""
    install(folder, name, "\n" * (line - 1) + f"{error}\n", module=f"wheel_{name}")


def _missing_extra(folder, name="lamps"):
    """A feature that needs a module of one of its extras."""
    install(
        folder,
        name,
        "import a_module_that_is_away",
        requires=['a-module-that-is-away; extra == "colour"'],
        metadata="Provides-Extra: colour",
        module=f"wheel_{name}",
    )


def _manifest(folder, name="lamps", parts="", lines="", **options):
    """A feature with parts of a manifest, and lines before it."""
    source = dedent(_SOURCE).format(name=name, parts=parts, lines=lines)
    install(folder, name, source, module=f"wheel_{name.replace('-', '_')}", **options)


def _source(folder, name="lamps", source="", **options):
    """A feature with this source; without any, its module is away."""
    install(folder, name, source, module=f"wheel_{name}", **options)


def _sources(folder, name="lamps"):
    """A feature that runs from its sources."""
    _plain(folder, name)
    [info] = folder.glob(f"mercato_{name}-*.dist-info")
    (info / "direct_url.json").write_text(
        '{"url": "file:///srv/lamps", "dir_info": {"editable": true}}'
    )


def _host(folder, name="acme-host", lines="pass"):
    """A host that does *lines* with the app of ours."""
    module = f"wheel_{name.replace('-', '_')}"
    (folder / f"{module}.py").write_text(_HOST.format(lines=indent(lines, "    ")))
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mercato.app]\nhost = {module}:create_app\n")


_HOST = """\
import sqlalchemy as sa

import mercato_host
from mercato_kit.db import engine


def create_app(*arguments, **options):
    app = mercato_host.create_app(*arguments, **options)
{lines}
    return app
"""


def _migrations(folder, files, name="lamps", lines="", parts="", **options):
    """A feature with a table and migrations: the lines of each, by the name of its file."""
    package = folder / f"wheel_{name}"
    (package / "migrations").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "feature.py").write_text(_WITH_TABLES.format(name=name, lines=lines, parts=parts))
    for file, lines in files.items():
        (package / "migrations" / file).write_text(f"{lines}\n")
    install(folder, name, "", module=f"wheel_{name}.feature", **options)


_WITH_TABLES = """\
from pathlib import Path

import sqlalchemy as sa

from mercato_kit.feature import Feature

metadata = sa.MetaData()
table = sa.Table("{name}_lamp", metadata, sa.Column("id", sa.Integer, primary_key=True))
{lines}
feature = Feature(
    name="{name}",
    summary="For a test.",
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
    {parts}
)
"""


_SOURCE = """\
from typing import Annotated, Protocol

from msgspec import Meta

from mercato_contracts.catalog import Catalog
from mercato_kit.feature import Feature, Need, Offer
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
from mercato_kit.settings import Rule, Secret, Settings

blueprint = Blueprint("{name}", __name__, url_prefix="/v1")


def view(**arguments):
    '''Answer'''


{lines}
feature = Feature(name="{name}", summary="For a test.", {parts})
"""

WHEELS = {
    "plain": _plain,
    "broken-import": _broken_import,
    "host": _host,
    "missing-extra": _missing_extra,
    "manifest": _manifest,
    "migrations": _migrations,
    "source": _source,
    "sources": _sources,
}
"""Functions that install a distribution into a folder, by name."""
