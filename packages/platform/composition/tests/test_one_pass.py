"""One mistake hides no other, but for what it makes unknown."""

from itertools import combinations

import pytest

from mercato_composition.deployment.reader import read_draft
from mercato_composition.features.plan import compose
from mercato_kit.feature import Need, Offer
from mercato_kit.settings import Rule, Settings

from .greeting import Greeting, Hello
from .manifests import feature

KEY = {"MERCATO_SECRET_KEY": "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"}


class Lamp(Settings, frozen=True, kw_only=True):
    """A lamp that must not be red in production."""

    production = (Rule("colour", lambda own: own.colour == "red", "bulls come", {}),)

    colour: str = "green"
    watts: int = 60


LAMP = feature("lamp", settings=Lamp, needs=[Need(Greeting, ">=1")])
HELLO = feature("hello", offers=[Offer(Greeting, "1.0", Hello)])

PARTS = {
    "environment": '"production"',
    "top": "",
    "server": 'hosts = ["shop.example"]\ntrusted_proxies = 1\n',
    "server_header": "[server]",
    "database": 'url = "postgresql://127.0.0.1/shop"',
    "hello": "",
    "lamp": "",
    "more": "",
}

FILE = """environment = {environment}
{top}
{server_header}
{server}
[database]
{database}
[features.hello]
{hello}
[features.lamp.settings]
{lamp}
{more}
"""

MISTAKES = {
    "an unknown environment": {"environment": '"x"'},
    "one that is assumed to be testing": {"environment": '"staging"'},
    "a misspelt environment": {"environment": '"prodction"'},
    "an unknown key": {"top": "colour = 1"},
    "a broken line": {"top": "???"},
    "a broken header": {"server_header": "[server"},
    "a wrong port": {"server": PARTS["server"] + 'port = "abc"\n'},
    "no hosts": {"server": "trusted_proxies = 1"},
    "a key twice": {"server": PARTS["server"] + "port = 1\nport = 2\n"},
    "a wrong URL": {"database": 'url = "mysql://h/db"'},
    "a small database": {"database": 'url = "sqlite:///shop.db"'},
    "a wrong mount": {"hello": 'mount = "shop"'},
    "a wrong setting": {"lamp": 'watts = "many"'},
    "an unsafe setting": {"lamp": 'colour = "red"'},
    "a feature that is away": {"more": "[features.away]"},
    "a choice that cannot be followed": {"more": '[capabilities]\n"greeting" = "lamp"'},
}


def examined(tmp_path, *mistakes):
    """Return the keys of faults, and the holes, of a file with these mistakes."""
    parts = dict(PARTS)
    for mistake in mistakes:
        parts |= MISTAKES[mistake]
    path = tmp_path / "deployment.toml"
    path.write_text(FILE.format(**parts))
    plan = compose(read_draft(path, KEY), [HELLO, LAMP])
    keys = {fault.key for fault in plan.faults}
    return keys, {key for hole in plan.not_checked for key in hole.because}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The keys of each mistake alone."""
    folder = tmp_path_factory.mktemp("alone")
    return {mistake: examined(folder, mistake)[0] for mistake in MISTAKES}


class TestMistakes:
    def test_are_found(self, alone):
        """Each mistake has a fault; without one only the lock is missing."""
        assert min(len(keys - {"K114"}) for keys in alone.values()) == 1

    def test_hide_no_other(self, alone, tmp_path):
        """Of two mistakes, both are found, or a hole says why one is not."""
        hidden = []
        for one, other in combinations(MISTAKES, 2):
            if MISTAKES[one].keys() & MISTAKES[other].keys():
                continue
            both, because = examined(tmp_path, one, other)
            missing = (alone[one] | alone[other]) - both
            if missing and not because & both:
                hidden.append((one, other, missing))

        assert hidden == []
