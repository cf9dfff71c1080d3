import sys

import pytest

from mercato_composition.deployment.host import host_requirements, load_factory
from mercato_composition.faults import DeploymentError


def install_host(folder, name):
    """Install a distribution with a host."""
    module = name.replace("-", "_")
    (folder / f"{module}.py").write_text(f"def create_app(*_, **__):\n    return {name!r}\n")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mercato.app]\nhost = {module}:create_app\n")


class TestLoadFactory:
    def test_an_owners_host_takes_the_place_of_ours(self, wheels):
        """Every command calls the factory of another distribution's entry point in mercato.app."""
        install_host(wheels, "acme-host")

        assert load_factory()() == "acme-host"
        assert host_requirements() == ("acme-host", "mercato-kit")

    @pytest.mark.provokes("K128")
    def test_two_owners_hosts_clash(self, wheels):
        """K128 names both distributions; neither is used."""
        install_host(wheels, "acme-host")
        install_host(wheels, "other-host")

        with pytest.raises(DeploymentError) as refused:
            load_factory()

        [fault] = refused.value.faults
        assert fault.code == "K128"
        assert "acme-host: acme_host:create_app" in fault.what
        assert "other-host: other_host:create_app" in fault.what

    @pytest.mark.provokes("K128")
    def test_without_a_host(self, monkeypatch):
        """K128 names the distribution to install."""
        monkeypatch.setattr(sys, "path", [])

        with pytest.raises(DeploymentError, match=r"pip install .*mercato-host"):
            load_factory()
