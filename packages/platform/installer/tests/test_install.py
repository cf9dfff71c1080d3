import functools
import http.server
import os
import shutil
import subprocess
import sysconfig
import threading
import venv
import zipfile

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_host import create_app
from mercato_installer.here import missing

MANIFEST = """
from mercato_kit.feature import Feature

feature = Feature(name={name!r}, summary="Installed by a test.")
"""

WHEEL = """Wheel-Version: 1.0
Generator: test
Root-Is-Purelib: true
Tag: py3-none-any
"""


def deployment_with(package):
    """A deployment that names a feature that is not installed."""
    table = {} if package is None else {"package": package}
    return read_deployment({"environment": "testing", "features": {"alpha": table}})


class TestMissing:
    def test_names_what_is_not_installed(self):
        """Without `package` the requirement is mercato-NAME."""
        assert [str(it) for it in missing(deployment_with(None))] == ["mercato-alpha"]

    @pytest.mark.parametrize("package", ["other-alpha", "alpha~=1.0", "alpha!=1.5,<2,>=1"])
    def test_takes_a_name_with_versions(self, package):
        """`package` is a name, or a name with a range of versions."""
        assert [str(it) for it in missing(deployment_with(package))] == [package]

    @pytest.mark.parametrize(
        "package",
        [
            "",
            "-r requirements.txt",
            "--index-url=http://evil.example/",
            "--find-links=/tmp",
            "mercato-alpha --pre",
            "mercato-alpha @ http://evil.example/mercato_alpha-1.0-py3-none-any.whl",
            "mercato-alpha @ file:///tmp/mercato_alpha-1.0-py3-none-any.whl",
            "git+https://evil.example/alpha.git",
            "http://evil.example/alpha.whl",
            "./alpha",
            "/srv/alpha",
            "mercato-alpha; python_version > '3'",
            "mercato-alpha\n--index-url=http://evil.example/",
            "mercato-alpha other-package",
            "$(touch /tmp/owned)",
        ],
    )
    def test_refuses_anything_else(self, package):
        """An option, URL, path or marker in `package` is refused."""
        with pytest.raises(DeploymentError) as refused:
            missing(deployment_with(package))

        (fault,) = refused.value.faults
        assert (fault.code, fault.feature) == ("K202", "alpha")

    def test_names_file_and_line(self, tmp_path):
        """The fault names the file and the line of `package`."""
        file = tmp_path / "deployment.toml"
        file.write_text('environment = "testing"\n\n[features.alpha]\npackage = "./alpha"\n')

        with pytest.raises(DeploymentError) as refused:
            missing(read_deployment(file, environ={}))

        assert refused.value.faults[0].where.startswith("deployment.toml:")


class TestCreateApp:
    def test_never_installs_in_production(self):
        """create_app(install=True) is refused in production (K114)."""
        deployment = read_deployment(
            {"environment": "production", "features": {"alpha": {}}},
            environ={"MERCATO_SECRET_KEY": "k" * 40},
        )

        with pytest.raises(DeploymentError) as refused:
            create_app(deployment, install=True)

        assert [fault.code for fault in refused.value.faults] == ["K114"]


def make_wheel(folder, name, version, *, requires=(), manifest=None):
    """Write a wheel into an index folder."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = [f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
    files = {
        f"{module}/__init__.py": manifest or "",
        f"{info}/METADATA": "\n".join(["Metadata-Version: 2.1", *metadata, ""]),
        f"{info}/WHEEL": WHEEL,
    }
    if manifest is not None:
        feature = name.removeprefix("mercato-")
        files[f"{info}/entry_points.txt"] = f"[mercato.features]\n{feature} = {module}:feature\n"
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    place = folder / "simple" / name
    place.mkdir(parents=True, exist_ok=True)
    wheel = place / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    links = [f'<a href="{it.name}">{it.name}</a>' for it in sorted(place.glob("*.whl"))]
    (place / "index.html").write_text("\n".join(links))
    return wheel


@pytest.fixture
def index(tmp_path):
    """A package index on the loopback address: its folder and its URL."""
    folder = tmp_path / "index"
    (folder / "simple").mkdir(parents=True)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_arguments):
            """Log nothing."""

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=folder)
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/simple/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def mercato(tmp_path):
    """Run `mercato` in a new environment that also has the libraries of this one."""
    place = tmp_path / "environment"
    venv.create(place)
    site = next(place.glob("lib/python*/site-packages"))
    borrowed = sysconfig.get_path("purelib")
    (site / "borrowed.pth").write_text(f"import site; site.addsitedir({borrowed!r})\n")
    file = tmp_path / "deployment.toml"
    file.write_text('environment = "testing"\n[features.alpha]\npackage = "mercato-alpha ~= 1.0"\n')

    def run(*arguments):
        return subprocess.run(
            [place / "bin/python", "-m", "mercato_composition", f"--deployment={file}", *arguments],
            env={**os.environ, "PATH": "/usr/bin:/bin", "UV_INDEX_URL": "http://127.0.0.1:1/"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


class TestInstallHere:
    def test_installs_what_is_missing(self, mercato, index):
        """The feature is installed from the given index, and the deployment fits."""
        folder, url = index
        make_wheel(folder, "mercato-alpha", "1.2", manifest=MANIFEST.format(name="alpha"))
        make_wheel(folder, "mercato-alpha", "2.0", manifest=MANIFEST.format(name="alpha"))

        done = mercato("install", "--here", "--index", url)
        again = mercato("install", "--here", "--index", url)
        checked = mercato("check", "--offline")

        assert (done.returncode, done.stdout) == (0, "Installed: mercato-alpha~=1.0\n"), done.stderr
        assert again.stdout == "Nothing is missing.\n"
        assert "mercato-alpha 1.2" in checked.stdout

    def test_installs_a_wheel_that_was_built_again(self, mercato, index, tmp_path):
        """A wheel of the folder is installed as it is now, although its version is the same."""
        folder, url = index
        site = next((tmp_path / "environment").glob("lib/python*/site-packages"))
        found = []

        for build in ("# first", "# second"):
            wheel = make_wheel(folder, "mercato-alpha", "1.0", manifest=build)
            options = (f"--index={url}empty/", f"--find-links={wheel.parent}")
            done = mercato("install", "--here", *options)
            assert done.returncode == 0, done.stderr
            found.append((site / "mercato_alpha/__init__.py").read_text())
            for part in site.glob("mercato_alpha*"):
                shutil.rmtree(part)

        assert found == ["# first", "# second"]

    def test_keeps_the_kit_that_runs(self, mercato, index):
        """A feature that needs another kit is refused; the running kit is not replaced."""
        folder, url = index
        make_wheel(
            folder,
            "mercato-alpha",
            "1.0",
            requires=["mercato-kit>=99"],
            manifest=MANIFEST.format(name="alpha"),
        )
        make_wheel(folder, "mercato-kit", "99.0")

        refused = mercato("install", "--here", "--index", url)

        assert (refused.returncode, "error[K120]" in refused.stderr) == (2, True)
        assert "Traceback" not in refused.stderr
