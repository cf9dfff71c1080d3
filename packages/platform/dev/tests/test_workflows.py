"""``nox -s workflows`` checks the files in .github."""

import shutil

import pytest
import yaml

from mercato_dev.distributions import DISTRIBUTIONS

from .orchard import ROOT, run_session

PINNED = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0"


@pytest.fixture
def copied(orchard):
    """Return a workspace with the workflows of this repository."""
    shutil.copytree(ROOT / ".github", orchard / ".github")
    return orchard


def spoil(root, name, before, after):
    """Change a workflow or a form for issues."""
    (file,) = root.glob(f".github/*/{name}")
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


class TestWorkflows:
    def test_ours_are_sound(self, copied):
        """The workflows and the forms for issues pass as they are."""
        done = run_session(copied, "workflows")

        assert done.returncode == 0, done.stdout + done.stderr

    @pytest.mark.parametrize(
        ("name", "before", "after", "told"),
        [
            ("ci.yml", "timeout-minutes: 60", "timeout-minutes: long", "timeout-minutes"),
            ("bug.yml", "type: dropdown", "type: menu", "bug.yml::$.body"),
        ],
        ids=["a workflow", "a form"],
    )
    def test_must_match_their_schema(self, copied, name, before, after, told):
        """A file that GitHub would refuse fails the session."""
        spoil(copied, name, before, after)

        done = run_session(copied, "workflows")

        assert done.returncode != 0
        assert told in done.stdout + done.stderr

    def test_must_be_safe(self, copied):
        """Unpinned actions, wide permissions, kept tokens and injected text fail the session."""
        spoil(copied, "ci.yml", PINNED, "actions/checkout@v5")
        spoil(copied, "ci.yml", "permissions: {}", "permissions: write-all")
        spoil(copied, "ci.yml", "persist-credentials: false", "lfs: false")
        spoil(copied, "release.yml", '"$GITHUB_REF_NAME"', "${{ github.ref_name }}")

        done = run_session(copied, "workflows")

        assert done.returncode != 0
        for fault in (
            "unpinned-uses",
            "excessive-permissions",
            "artipacked",
            "template-injection",
        ):
            assert fault in done.stdout + done.stderr


class TestMatrix:
    def test_has_every_python_that_a_distribution_claims(self):
        """CI tests every Python in the classifiers."""
        jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
        tried = {f"Programming Language :: Python :: {version}" for version in matrix_of(jobs)}

        claimed = {
            classifier
            for item in DISTRIBUTIONS
            for classifier in item.project["classifiers"]
            if classifier.startswith("Programming Language :: Python :: 3.")
        }

        assert claimed
        assert claimed <= tried


def matrix_of(jobs):
    """Return the versions of Python in the matrix of the job that runs what a change must pass."""
    (tests,) = (job for job in jobs.values() if {"run": ".ci/run"} in job["steps"])
    return tests["strategy"]["matrix"]["python"]
