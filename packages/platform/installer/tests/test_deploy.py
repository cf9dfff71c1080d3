"""Plan a deploy, do its steps, and take the plan only as long as it holds."""

import json

import msgspec
import pytest

from mercato_composition.faults import DeploymentError
from mercato_installer import deploy as deploying, install as installing, plan as plans
from mercato_installer.journal import Journal
from mercato_installer.planning import make_plan
from mercato_installer.releases import Releases
from mercato_installer.text import lines_of, way_back
from mercato_installer.tools import ToolFailedError

from .deploys import FakeInside, installation_of

SHOWN = """\
deployment.toml (testing): release 1 -> 2
  file      + [features.vouchers]   ~ alpha.settings.minutes 15 -> 20   - [features.reviews]
  packages  + mercato-vouchers 1.0   ~ mercato-alpha 1.0 -> 1.1   - mercato-reviews 1.0   \
(3 equal; {megabytes:.1f} MB)   routes + 1 - 1
  database  alpha 0001 -> 0002 expand   vouchers 0001
  back      `mercato rollback` will work: nothing is taken away."""


@pytest.fixture
def shop(small_shop):
    """The small index is enough: the environment is asked in the test's own process."""
    return small_shop


def deploy(shop, *, agree=lambda plan: True, **more):
    """Deploy the shop, and return the plan that was shown."""
    shown = []

    def show(plan):
        shown.append(plan)
        return agree(plan)

    deploying.deploy(installation_of(shop), agree=show, **more)
    return shown[0] if shown else None


def plan_of(shop, **more):
    """Plan a deploy of the shop."""
    installation = installation_of(shop)
    with installation.locked():
        return make_plan(installation, **more)


def codes(refused):
    """The codes of the faults that a call was refused with."""
    return [fault.code for fault in refused.value.faults]


class TestDeploy:
    def test_makes_a_release(self, shop):
        """A release has the file, the lock, and the heads of the tables before and after."""
        shop.offer(version="1.1")

        deploy(shop)

        release = Releases(shop.places).current()
        assert release.folder == shop.places.environments / "releases" / "0001"
        assert release.file.read_bytes() == shop.file.read_bytes()
        assert release.lock.read_bytes() == shop.places.lock.read_bytes()
        assert shop.places.current.readlink().name == release.record.environment
        assert release.record.heads.after == {"alpha": "0002"}

    def test_shows_what_changes(self, shop):
        """The plan has a line each for the file, the packages, the database and the way back."""
        shop.choose("alpha", "reviews", more="[features.alpha.settings]\nminutes = 15\n")
        shop.offer("alpha")
        shop.offer("reviews")
        deploy(shop)
        shop.choose("alpha", "vouchers", more="[features.alpha.settings]\nminutes = 20\n")
        shop.offer("alpha", version="1.1")
        shop.offer("vouchers")

        plan = plan_of(shop)

        assert "\n".join([*lines_of(plan), way_back(plan)]) == SHOWN.format(
            megabytes=plan.packages.bytes / 1e6
        )

    def test_changes_nothing_before_the_answer(self, shop):
        """A plan that is not agreed to leaves lock, link, releases and database as they are."""
        shop.offer()
        deploy(shop)
        before = shop.places.lock.read_bytes(), shop.places.current.readlink()
        shop.offer(version="1.1")

        deploy(shop, agree=lambda plan: False)

        assert (shop.places.lock.read_bytes(), shop.places.current.readlink()) == before
        assert FakeInside(shop.folder).heads == {"alpha": "0001"}
        assert [one.number for one in Releases(shop.places).all()] == [1]

    def test_asks_nothing_without_changes(self, shop):
        """A second deploy of the same file and index has no question and makes no release."""
        shop.offer()
        deploy(shop)

        assert deploy(shop) is None
        assert [one.number for one in Releases(shop.places).all()] == [1]

    def test_applies_what_only_expands(self, shop):
        """What the older release uses is removed by `--finish` alone; then there is no way back."""
        shop.offer(version="1.1")
        deploy(shop)
        shop.offer(version="1.2")
        plan = deploy(shop)
        waiting = FakeInside(shop.folder).heads
        asked = []

        finished = deploying.finish(
            installation_of(shop), agree=lambda *shown: asked.append(shown) or True
        )

        assert "alpha 0003 waits for `mercato deploy --finish`" in "".join(lines_of(plan))
        assert (waiting, finished) == ({"alpha": "0002"}, True)
        assert FakeInside(shop.folder).heads == {"alpha": "0003"}
        assert Releases(shop.places).current().record.heads.after == {"alpha": "0003"}

    @pytest.mark.provokes("K302")
    def test_needs_what_was_not_finished(self, shop):
        """A release that expands behind a migration that contracts needs `--finish` first."""
        shop.offer(version="1.1")
        deploy(shop)
        shop.offer(version="1.3")

        with pytest.raises(DeploymentError) as refused:
            deploy(shop)

        assert codes(refused) == ["K302"]
        assert "deploy --finish && mercato deploy" in refused.value.faults[0].fix

    @pytest.mark.provokes("K120")
    def test_finishes_a_release_only(self, shop):
        """K120: without a release there is nothing to finish."""
        with pytest.raises(DeploymentError) as refused:
            deploying.finish(installation_of(shop), agree=lambda *shown: True)

        assert codes(refused) == ["K120"]

    @pytest.mark.provokes("K120")
    def test_ends_at_a_step_that_fails(self, shop):
        """The next deploy makes a new plan: here there is nothing left to do."""
        shop.choose("alpha", more='[deploy]\nrestart = ["false"]\n')
        shop.offer()

        with pytest.raises(DeploymentError) as refused:
            deploy(shop)

        assert codes(refused) == ["K120"]
        assert Releases(shop.places).current().number == 1
        assert deploy(shop) is None

    def test_is_ended_by_an_install(self, shop):
        """An install after an interrupted deploy makes the release, and forgets the deploy."""
        shop.offer()
        shop.mercato("lock")
        begun = Journal(shop.places).path
        begun.write_text("{}")

        installing.install(installation_of(shop))

        assert (begun.exists(), Releases(shop.places).current().number) == (False, 1)

    def test_keeps_five_releases(self, shop):
        """Older releases and their environments are removed; those of others stay."""
        other = shop.places.environments / "releases.other" / "0001"
        shop.offer()
        deploy(shop)
        other.mkdir(parents=True)
        record = msgspec.json.encode({"time": "", "environment": shop.environments[0]})
        (other / "release.json").write_bytes(record)
        used = shop.environments[0]

        for number in range(2, 8):
            shop.choose("alpha", more=f"[features.alpha.settings]\nminutes = {number}\n")
            shop.offer("alpha", version=f"1.{number}", requires=[])
            FakeInside(shop.folder).tables.write_text(f'{{"alpha": "{number + 1:04d}"}}')
            deploy(shop)

        assert [one.number for one in Releases(shop.places).all()] == [3, 4, 5, 6, 7]
        assert len(shop.environments) == 6
        assert used in shop.environments


class UnreachableIndex:
    """A uv whose index does not answer."""

    def resolve(self, requirements, index):
        """Fail as uv does."""
        raise ToolFailedError("Connection refused", "index")


class TestIndex:
    def test_that_does_not_answer(self, shop):
        """The fix is the same command with another index: `mercato lock` would not help it."""
        shop.offer()

        with pytest.raises(DeploymentError) as refused:
            make_plan(installation_of(shop, uv=UnreachableIndex()))

        assert refused.value.faults[0].fix == "mercato deploy --index '<url>'"


class TestKeptPlan:
    @pytest.fixture
    def kept(self, shop, tmp_path):
        """A plan in a file, for the release after the first."""
        shop.offer()
        deploy(shop)
        shop.offer(version="1.1")
        file = tmp_path / "plan.json"
        file.write_bytes(msgspec.json.encode(plan_of(shop)))
        return file

    def deploy(self, shop, file):
        """Deploy what a plan says."""
        deploy(shop, kept=plans.read(file), name=file.name)

    def test_is_done_exactly(self, shop, kept):
        """The versions of the plan are installed, although the index has newer ones."""
        shop.offer(version="1.2")

        self.deploy(shop, kept)

        assert 'version = "1.1"' in shop.places.lock.read_text()
        assert Releases(shop.places).current().number == 2

    @pytest.mark.provokes("K127")
    @pytest.mark.parametrize("change", ["file", "release", "database", "moved"])
    def test_is_refused_when_it_is_stale(self, shop, kept, change):
        """K127 says what has changed since, and nothing is done."""
        if change == "file":
            shop.choose(
                "alpha", more='required = false\n[features.alpha.settings]\nkey = "geheim"\n'
            )
        elif change == "release":
            deploy(shop)
        elif change == "database":
            FakeInside(shop.folder).tables.write_text('{"alpha": "0002"}')
        else:
            plan = json.loads(kept.read_text()) | {"deployment": "/elsewhere/deployment.toml"}
            kept.write_text(json.dumps(plan))
        used = shop.places.current.readlink()

        with pytest.raises(DeploymentError) as refused:
            self.deploy(shop, kept)

        said = {
            "file": "deployment.toml was edited: + alpha.required, + [features.alpha.settings]",
            "release": "release 2 is current, not 1",
            "database": "the tables of alpha are at 0002, not at 0001",
            "moved": "it was made for /elsewhere/deployment.toml",
        }
        assert (codes(refused), refused.value.faults[0].where) == (["K127"], "plan.json")
        assert said[change] in refused.value.faults[0].what
        assert "deploy --plan --out plan.json" in refused.value.faults[0].fix
        assert shop.places.current.readlink() == used

    @pytest.mark.provokes("K127")
    def test_must_be_a_plan(self, kept):
        """K127: a file that is no plan."""
        kept.write_text('{"format": "1.0"}')

        with pytest.raises(DeploymentError) as refused:
            plans.read(kept)

        assert codes(refused) == ["K127"]

    @pytest.mark.provokes("K127")
    def test_of_a_file_that_is_edited_while_it_is_read(self, shop):
        """K127: the deployment file was edited between the plan and the answer."""
        shop.offer()

        def edit(plan):
            shop.choose("alpha", more="required = false\n")
            return True

        with pytest.raises(DeploymentError) as refused:
            deploy(shop, agree=edit)

        assert codes(refused) == ["K127"]
        assert not shop.places.current.is_symlink()
