"""Every command a person types: ``nox -l`` lists them, ``nox`` alone runs what a change must pass.

Distributions are found by folder, never listed here: a new folder under ``packages`` takes part at
once. Each is installed from its wheel, into an environment that holds what it declares and nothing
else, so a forgotten requirement fails instead of being lent by a neighbour.
"""

import argparse
import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nox

nox.needs_version = ">=2026.10.20"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = True
# One folder an interpreter: nox would hand an environment of 3.11 to 3.13.
nox.options.envdir = f".nox/{sys.version_info.major}.{sys.version_info.minor}"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "boundaries", "tests"]

ROOT = Path(__file__).parent
DIST = ROOT / "dist"
WORKSPACE = ROOT / "pyproject.toml"
DEVELOPMENT = ROOT / "host/deployments/development.toml"

# Where bytecode is not kept, every process compiles the libraries again: three times as slow.
PLAIN: dict[str, str | None] = {"PYTHONDONTWRITEBYTECODE": None, "PYTHONPATH": None}

# Tests see nothing that the caller set for a shop, a test run or an interpreter of his own.
PRIVATE = ("MERCATO_", "PYTEST_", "PYTHON")
CLEAN = PLAIN | {name: None for name in os.environ if name.startswith(PRIVATE)}


@dataclass(frozen=True)
class Distribution:
    """A folder that becomes a wheel."""

    folder: Path

    @property
    def short(self) -> str:
        """What people call it: the name of its folder."""
        return self.folder.name

    @property
    def pyproject(self) -> Path:
        """Its own settings."""
        return self.folder / "pyproject.toml"

    @property
    def project(self) -> dict[str, Any]:
        """Its metadata, as declared."""
        project: dict[str, Any] = tomllib.loads(self.pyproject.read_text())["project"]
        return project

    @property
    def name(self) -> str:
        """What the index calls it."""
        return str(self.project["name"])

    @property
    def module(self) -> str:
        """What Python calls it."""
        return self.name.replace("-", "_")

    @property
    def source(self) -> Path:
        """The folder to put on a path to import it."""
        return self.folder / "src"

    @property
    def wheel(self) -> Path:
        """The wheel that ``build`` makes of it."""
        return DIST / f"{self.module}-{self.project['version']}-py3-none-any.whl"

    @property
    def is_feature(self) -> bool:
        """Whether it offers a feature to the host."""
        return "mercato.features" in self.project.get("entry-points", {})

    @property
    def extras(self) -> list[str]:
        """What it offers to install on top."""
        return sorted(self.project.get("optional-dependencies", {}))

    def digest(self) -> str:
        """Say in one word what its wheel is made of."""
        kept = ["pyproject.toml", "README.md", "LICENSE", "src/**/*"]
        files = sorted({file for pattern in kept for file in self.folder.glob(pattern)})
        return digest(file for file in files if file.is_file() and "__pycache__" not in file.parts)


def digest(files: Iterable[Path]) -> str:
    """Hash the names and contents of *files*, in their order."""
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file}\0{file.stat().st_size}\0".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def find_distributions() -> list[Distribution]:
    """Find every folder that declares a distribution."""
    found = [*sorted(ROOT.glob("packages/*/pyproject.toml")), *ROOT.glob("host/pyproject.toml")]
    return [Distribution(pyproject.parent) for pyproject in found]


DISTRIBUTIONS = find_distributions()
EVERYTHING = [item.name for item in DISTRIBUTIONS]
TOGETHER = f"{ROOT}/host/pyproject.toml:together"


def provide(session: nox.Session, *wanted: str, groups: Sequence[str] = ()) -> None:
    """Make the environment of *session* hold what is wanted and what that declares: exactly.

    A requirement that is met by this repository is met by its wheel, named by path. An
    environment that is right already is left alone.

    Args:
        session: Whose environment.
        wanted: Requirements, by name.
        groups: Dependency groups, as ``path/to/pyproject.toml:group``.
    """
    files = [WORKSPACE, *(item.pyproject for item in DISTRIBUTIONS)]
    built = [item for item in DISTRIBUTIONS if item.wheel.exists()]
    state = json.dumps([wanted, groups, digest([*files, *(item.wheel for item in built)])])
    stamp = place(session, "provided.json")
    if stamp.exists() and stamp.read_text() == state:
        return

    stamp.unlink(missing_ok=True)
    constraints = place(session, "wheels.txt")
    constraints.write_text("".join(f"{item.name} @ {item.wheel.as_uri()}\n" for item in built))
    command = ["uv", "pip", "install", "--exact", f"--constraint={constraints}"]
    command += [f"--group={group}" for group in groups]
    # Not session.install: `nox -R` would skip it and test the wheel of yesterday.
    session.run(*command, *wanted, env=PLAIN, silent=True)
    stamp.write_text(state)


def place(session: nox.Session, name: str) -> Path:
    """Name a file of ours within the environment; create_tmp() would move TMPDIR for the tests."""
    return Path(session.virtualenv.location, name).resolve()


@nox.session
def build(session: nox.Session) -> None:
    """Build a wheel of every distribution into dist/, where its sources changed."""
    stale = [item for item in DISTRIBUTIONS if not is_built(item)]
    if stale:
        provide(session, groups=[f"{WORKSPACE}:build"])
    for item in stale:
        build_wheel(session, item)


def is_built(item: Distribution) -> bool:
    """Tell whether the wheel in dist/ was made of the sources as they are."""
    stamp = item.wheel.with_suffix(".sha256")
    return item.wheel.exists() and stamp.exists() and stamp.read_text() == item.digest()


def build_wheel(session: nox.Session, item: Distribution) -> None:
    """Build one wheel, put it into place in one step, and drop those of other versions."""
    made_of = item.digest()
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DIST) as made, session.chdir(item.folder):
        command = ["hatchling", "build", "--target=wheel", f"--directory={made}"]
        session.run(*command, env=PLAIN, silent=True)
        Path(made, item.wheel.name).replace(item.wheel)
    item.wheel.with_suffix(".sha256").write_text(made_of)
    for old in DIST.glob(f"{item.module}-*"):
        if old.stem != item.wheel.stem:
            old.unlink()


ALONE = [
    nox.param([item.name], f"{item.pyproject}:test", item.folder / "tests", id=item.short)
    for item in DISTRIBUTIONS
]
ALL = nox.param(EVERYTHING, TOGETHER, ROOT / "host/tests/together", id="together")


@nox.session(requires=["build"])
@nox.parametrize("wanted, group, folder", [*ALONE, ALL])
def tests(session: nox.Session, wanted: list[str], group: str, folder: Path) -> None:
    """Test a wheel beside nothing but what it declares; and all the wheels together."""
    provide(session, *wanted, groups=[group])
    where = [f"--config-file={WORKSPACE}", f"--ignore={folder}/together", str(folder)]
    session.run("pytest", "-n2", *where, *session.posargs, env=CLEAN)


CLOSURES = [
    nox.param(item.name, extras, id="+".join([item.short, *extras]))
    for item in DISTRIBUTIONS
    for extras in [[], *([extra] for extra in item.extras)]
]


@nox.session(requires=["build"])
@nox.parametrize("name, extras", CLOSURES)
def imports(session: nox.Session, name: str, extras: list[str]) -> None:
    """Import every module of a wheel where nothing is installed but what it declares."""
    provide(session, f"{name}[{','.join(extras)}]" if extras else name)
    # Who imports the module mercato_host.app boots it: here, a host without features.
    deployment = place(session, "deployment.toml")
    deployment.write_text('environment = "testing"\n')
    # Isolated: neither the folder we are in nor the user's own packages can lend a module.
    command = ["python", "-I", "host/tests/together/imports.py", name, *extras]
    session.run(*command, env=CLEAN | {"MERCATO_DEPLOYMENT": str(deployment)})


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format with ruff."""
    provide(session, groups=[f"{WORKSPACE}:lint"])
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(requires=["build"])
def types(session: nox.Session) -> None:
    """Check the types of every distribution with mypy, as strict as it is."""
    provide(session, *EVERYTHING, groups=[TOGETHER, f"{WORKSPACE}:types"])
    sources = [str(item.source) for item in DISTRIBUTIONS]
    session.run("mypy", *sources, env=PLAIN | {"MYPYPATH": os.pathsep.join(sources)})


@nox.session
def boundaries(session: nox.Session) -> None:
    """Check with import-linter that no distribution imports one it must not know."""
    provide(session, groups=[f"{WORKSPACE}:boundaries"])
    settings = place(session, "boundaries.toml")
    settings.write_text(describe_boundaries())
    sources = os.pathsep.join(str(item.source) for item in DISTRIBUTIONS)
    session.run(
        "lint-imports", f"--config={settings}", "--no-cache", env=PLAIN | {"PYTHONPATH": sources}
    )


def describe_boundaries() -> str:
    """Write the settings of import-linter: the rules of the root, and a contract a distribution."""
    rules = tomllib.loads(WORKSPACE.read_text())["tool"]["importlinter"]
    rules["root_packages"] = sorted(item.module for item in DISTRIBUTIONS)
    lines = [
        "[tool.importlinter]",
        *(f"{key} = {json.dumps(value)}" for key, value in rules.items()),
    ]
    for item in DISTRIBUTIONS:
        known = allowed(item)
        others = " and ".join(sorted(known - {item.short})) or "nobody"
        strangers = sorted(other.module for other in DISTRIBUTIONS if other.short not in known)
        lines += [
            "[[tool.importlinter.contracts]]",
            f'name = "{item.short} knows {others}"',
            'type = "forbidden"',
            f'source_modules = ["{item.module}"]',
            f"forbidden_modules = {json.dumps(strangers)}",
        ]
    return "\n".join(lines)


def allowed(item: Distribution) -> set[str]:
    """Name the distributions that one may import, itself included."""
    if item.is_feature:
        return {item.short, "kit", "contracts"}
    return {item.short, "kit"} if item.short == "host" else {item.short}


@nox.session(requires=["build"])
def shop(session: nox.Session) -> None:
    """Serve the sample shop on 127.0.0.1:5000: install, migrate, fill, run the worker.

    ``-- --port 5001`` takes another port.
    """
    port = port_of(session)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    provide(session, *chosen_wheels())
    (ROOT / "var").mkdir(exist_ok=True)
    database = {"MERCATO_DATABASE__URL": f"sqlite:///{ROOT}/var/shop.db"}
    env = PLAIN | {key: os.environ.get(key, value) for key, value in database.items()}
    mercato = ["mercato", f"--deployment={DEVELOPMENT}"]
    session.run(*mercato, "db", "upgrade", env=env)
    session.run(*mercato, "seed", env=env)
    run_shop(session, mercato, env, port)


def chosen_wheels() -> list[str]:
    """Read from the deployment file what to install: the host, and the package of every feature."""
    features = tomllib.loads(DEVELOPMENT.read_text())["features"]
    packages = [table.get("package", f"mercato-{name}") for name, table in features.items()]
    return ["mercato-host", *packages]


def port_of(session: nox.Session) -> int:
    """Read ``--port`` from what was typed behind ``--``."""
    parser = argparse.ArgumentParser(prog="nox -s shop --")
    parser.add_argument("--port", type=int, default=5000)
    port: int = parser.parse_args(session.posargs).port
    return port


def run_shop(
    session: nox.Session, mercato: list[str], env: dict[str, str | None], port: int
) -> None:
    """Run the worker and the server until one of them ends, or we are told to stop."""
    plain = {
        key: value for key, value in (os.environ | session.env | env).items() if value is not None
    }
    command = [str(Path(session.bin, mercato[0])), *mercato[1:]]
    # Each leads a group of its own, so Ctrl-C reaches us alone and we end them in order.
    start = {"env": plain, "start_new_session": True}
    address = f"http://127.0.0.1:{port}"
    children = []
    try:
        children.append(subprocess.Popen([*command, "worker"], **start))
        children.append(subprocess.Popen([*command, "serve", f"--bind=127.0.0.1:{port}"], **start))
        wait_until_ready(session, children, address)
        session.log(f"The shop is open: {address}/v1/products | {address}/docs | Ctrl-C closes it")
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
        session.error("The worker or the server ended by itself.")
    except KeyboardInterrupt:
        session.log("The shop closes.")
    finally:
        for child in reversed(children):
            end(child)


def wait_until_ready(
    session: nox.Session, children: list[subprocess.Popen[bytes]], address: str
) -> None:
    """Ask the shop whether it is ready, for as long as it runs and at most a minute."""
    for _ in range(240):
        if any(child.poll() is not None for child in children):
            session.error("The worker or the server ended before the shop was ready.")
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.25)
    session.error(f"The shop was not ready within a minute: ask {address}/readyz why.")


def end(child: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and its whole group when it does not listen."""
    child.terminate()
    try:
        child.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@nox.session(requires=["build"])
def journey(session: nox.Session) -> None:
    """Walk a shop as a customer would, over HTTP; ``-- --database postgresql`` on that one."""
    provide(session, *chosen_wheels(), groups=[f"{ROOT}/host/pyproject.toml:journey"])
    session.run("python", "-u", "host/tests/together/journey.py", *session.posargs, env=CLEAN)


FEATURES = [item for item in DISTRIBUTIONS if item.is_feature]
SUBSETS = [
    nox.param([item.name for item in some], id="+".join(item.short for item in some) or "none")
    for size in range(len(FEATURES) + 1)
    for some in itertools.combinations(FEATURES, size)
]


@nox.session(requires=["build"])
@nox.parametrize("chosen", SUBSETS)
def combinations(session: nox.Session, chosen: list[str]) -> None:
    """Boot the host with each subset of the features and nothing else, or see it refused."""
    provide(session, "mercato-host", *chosen)
    # What one combination says of a feature is compared with the others of the same wheels.
    made_of = digest(item.wheel for item in DISTRIBUTIONS)[:16]
    parts = Path(session.virtualenv.location).resolve().parent / f"parts-{made_of}"
    program = "host/tests/together/combinations.py"
    session.run("python", program, f"--parts={parts}", *chosen, env=CLEAN)


@nox.session(requires=["build"])
def bench(session: nox.Session) -> None:
    """Measure: all benchmarks, or those named: ``-- boot``. A figure never fails the session."""
    known = find_benchmarks()
    names = sorted({file.stem for file in known})
    session.log(f"The benchmarks: {', '.join(names)}")
    wanted = session.posargs or names
    if strangers := sorted(set(wanted) - set(names)):
        session.error(f"There is no benchmark called {', '.join(strangers)}.")
    provide(session, *EVERYTHING, groups=[f"{ROOT}/host/pyproject.toml:journey"])
    for file in known:
        if file.stem in wanted:
            session.run("python", str(file), env=CLEAN)


def find_benchmarks() -> list[Path]:
    """Find the scripts that measure something."""
    return sorted([*ROOT.glob("packages/*/benchmarks/*.py"), *ROOT.glob("host/benchmarks/*.py")])
