"""The options of the commands, and what they list."""

import pytest

from mercato_installer import deploy as deploying
from mercato_installer.releases import Releases
from mercato_testing.samples.documents import read_document

from .deploys import installation_of


@pytest.fixture
def shop(small_shop):
    """No test here runs the host."""
    return small_shop


class TestDeploy:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--out", "p.json"], "need --plan"),
            (["--json"], "need --plan"),
            (["--exit-code"], "need --plan"),
            (["--finish", "--plan"], "--finish takes no plan"),
            (["absent.json"], "does not exist"),
        ],
    )
    def test_refuses_options_without_effect(self, shop, options, said):
        """An option that would be ignored is an error, and nothing is done."""
        refused = shop.mercato("deploy", *options)

        assert (refused.exit_code != 0, said in refused.stderr) == (True, True)
        assert not shop.places.environments.exists()


class TestReleases:
    def test_of_none(self, shop):
        """Before the first deploy the list says that it is empty."""
        assert shop.mercato("releases").stdout == "No releases yet.\n"

    def test_lists_the_newest_first(self, shop):
        """Each has number, time and environment; one of them is current."""
        shop.offer(version="1.0")
        deploying.deploy(installation_of(shop), agree=lambda plan: True)
        shop.offer(version="1.1")
        deploying.deploy(installation_of(shop), agree=lambda plan: True)
        old, new = Releases(shop.places).all()

        lines = shop.mercato("releases").stdout.splitlines()
        document = read_document(shop.mercato("releases", "--json").stdout, "mercato_installer")

        listed = document["releases"]
        assert [line.split() for line in lines] == [
            ["2", new.record.time, new.record.environment, "current"],
            ["1", old.record.time, old.record.environment],
        ]
        assert [(row["number"], row["current"]) for row in listed] == [(2, True), (1, False)]
        assert listed[0]["heads"] == {"before": {"alpha": "0001"}, "after": {"alpha": "0002"}}

    def test_of_several_files_in_one_folder(self, shop):
        """Each deployment file has its own releases."""
        shop.offer()
        deploying.deploy(installation_of(shop), agree=lambda plan: True)
        shop.file = shop.file.rename(shop.folder / "staging.toml")

        assert shop.mercato("releases").stdout == "No releases yet.\n"
        assert Releases(shop.places).folder.name == "releases.staging"


class TestLock:
    def test_prints_json(self, shop):
        """`lock --json` has the changes on standard output, and the steps on standard error."""
        shop.offer()

        locked = shop.mercato("lock", "--json")

        document = read_document(locked.stdout, "mercato_installer")
        assert document["lock"] == str(shop.places.lock)
        assert "+ mercato-alpha 1.0" in document["changes"]
        assert locked.stderr.startswith("resolving mercato-alpha")
