"""Check combinations of features: each boots or is refused, as its manifests require.

Run by ``nox -s combinations`` with the Python of an environment that holds the host, some features,
what they declare, and nothing else. So this program only uses what the host requires.
"""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from http.client import HTTPConnection
from importlib.metadata import entry_points
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
import msgspec
from packaging.specifiers import SpecifierSet

from mercato_kit.feature import ENTRY_POINT_GROUP, Feature, Offer

Document = Mapping[str, Any]

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')
OF_COMPOSITION = re.compile("(Expanded|Expansions|Names)$")
"""Components with what enabled features offer; a feature's own begin with its name."""
REFUSALS = range(400, 500)
HEADERS = {"Content-Type": "application/json"}
ADDRESS = {
    "name": "Wanda Walker",
    "line1": "1 Market Street",
    "city": "Bologna",
    "postal_code": "40121",
    "country": "IT",
}
READY_WITHIN_SECONDS = 60


class NotAsPromisedError(Exception):
    """The combination does not do what its manifests require."""


@dataclass(frozen=True)
class Answer:
    """A response of the server."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@click.command()
@click.option("--parts", type=click.Path(path_type=Path), required=True)
@click.argument("distributions", nargs=-1)
def main(parts: Path, distributions: tuple[str, ...]) -> None:
    """Check the combination of the features in DISTRIBUTIONS, which are installed here.

    Their part of the API document is kept in the folder --parts, for the next combination to
    compare with.
    """
    manifests = installed_features(distributions)
    with tempfile.TemporaryDirectory() as folder:
        click.echo(check(Shop(Path(folder), manifests), manifests, parts))


def installed_features(distributions: Iterable[str]) -> list[Feature]:
    """Load the manifests that are installed, which must be those of *distributions* alone."""
    entries = entry_points(group=ENTRY_POINT_GROUP)
    found = {entry.dist.name for entry in entries if entry.dist is not None}
    expect(found == set(distributions), f"installed are {found}, not {distributions}")
    return [entry.load() for entry in entries]


def has_one_answer(offer: Offer) -> bool:
    """Return whether one feature answers the contract, as its module says."""
    return vars(sys.modules[offer.contract.__module__]).get("ANSWERS", "one") == "one"


def choices(features: Sequence[Feature]) -> dict[str, str]:
    """Choose the first feature by name where several offer a contract that has one answer."""
    offers = Counter(
        offer.id for feature in features for offer in feature.offers if has_one_answer(offer)
    )
    return {
        offer.id: feature.name
        for feature in sorted(features, key=lambda one: one.name, reverse=True)
        for offer in feature.offers
        if offers[offer.id] > 1
    }


def expected_codes(
    features: Sequence[Feature], chosen: Mapping[str, str] = MappingProxyType({})
) -> set[str]:
    """Return the codes of the faults that the manifests call for; none if the features fit.

    Args:
        features: All enabled features.
        chosen: The feature that answers a contract, by contract id; other offers do not count.
    """
    codes = set() if has_expanded_items(features) else {"K125"}
    offers = [
        (feature, offer)
        for feature in features
        for offer in feature.offers
        if chosen.get(offer.id, feature.name) == feature.name
    ]
    contracts = [offer.contract for _, offer in offers if has_one_answer(offer)]
    if len(set(contracts)) < len(contracts):
        codes.add("K111")
    graph: dict[str, set[str]] = {feature.name: set() for feature in features}
    for feature in features:
        for need in feature.needs:
            there = [(one, offer) for one, offer in offers if offer.contract is need.contract]
            fits = SpecifierSet(need.versions).contains
            if len(there) < need.at_least:
                codes.add("K108")
            elif there and not any(fits(offer.version) for _, offer in there):
                codes.add("K109")
            if need.at_least:
                graph[feature.name] |= {one.name for one, _ in there}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        codes.add("K110")
    return codes


def has_expanded_items(features: Sequence[Feature]) -> bool:
    """Return whether there are routes with all items that features expand."""
    shown = {route.expands for one in features for it in one.blueprints for route in it.routes}
    return all((it.contract, it.thing) in shown for one in features for it in one.expansions)


def table_of(feature: Feature) -> str:
    """Return the tables of an enabled feature; required settings have their examples."""
    lines = [f"[features.{feature.name}]", f"[features.{feature.name}.settings]"]
    for field in msgspec.structs.fields(feature.settings) if feature.settings else ():
        if field.required:
            known = msgspec.inspect.type_info(field.type)
            example = known.extra_json_schema["examples"][0]
            lines.append(f"{field.name} = {json.dumps(example)}")
    return "\n".join([*lines, ""])


class Shop:
    """A deployment of some features in a new folder, on SQLite.

    Args:
        folder: The folder of its file and database.
        features: The features that its file names; required settings have their examples.
    """

    def __init__(self, folder: Path, features: Sequence[Feature]) -> None:
        self.folder = folder
        self.file = folder / "deployment.toml"
        self.log = folder / "serve.log"
        self.database = folder / "shop.db"
        named = "".join(table_of(feature) for feature in features)
        url = f"sqlite:///{self.database}"
        platform = f'[database]\nurl = "{url}"\n[logging]\nlevel = "WARNING"\n'
        self.file.write_text(f'environment = "testing"\n{platform}{named}')
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]

    def choose(self, chosen: Mapping[str, str]) -> None:
        """Add to the file the choice for each contract that several features offer."""
        lines = "".join(f'{contract} = "{name}"\n' for contract, name in chosen.items())
        self.file.write_text(f"{self.file.read_text()}[capabilities]\n{lines}")

    def command(self, *words: str) -> list[str]:
        """Return the command line of this environment's ``mercato``."""
        program = Path(sys.executable).with_name("mercato")
        return [str(program), f"--deployment={self.file}", *words]

    def run(self, *words: str, ends_with: int = 0) -> str:
        """Run a command in the folder, and return its output."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        output = done.stdout + done.stderr
        expect(
            done.returncode == ends_with, f"mercato {' '.join(words)}: {done.returncode} {output}"
        )
        expect("Traceback" not in output, output)
        return done.stdout

    def fill(self) -> None:
        """Check the deployment with its database, and make sample data."""
        self.run("check")
        self.run("seed")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve requests until the end of the block, stop with exit code 0, and run the worker."""
        command = self.command("serve", f"--bind=127.0.0.1:{self.port}")
        with (
            self.log.open("w") as log,
            subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            ) as server,
        ):
            try:
                self._wait_until_ready(server)
                yield
                server.send_signal(signal.SIGTERM)
                expect(server.wait(timeout=30) == 0, f"serve ended with {server.returncode}")
                self.run("worker", "--once")
            finally:
                # Killing the server alone would leave its workers, so its whole group is killed.
                with suppress(ProcessLookupError):
                    os.killpg(server.pid, signal.SIGKILL)

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Answer:
        """Send a request without a token. A body is sent as JSON, under a key of its own."""
        sent = None if body is None else json.dumps(body)
        headers = {} if body is None else HEADERS | {"Idempotency-Key": secrets.token_hex(16)}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, sent, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < give_up_at:
            expect(server.poll() is None, f"the server ended: {self.log.read_text()}")
            try:
                if self.ask("/readyz").status == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise NotAsPromisedError(f"not ready in time: {self.log.read_text()}")


def check(shop: Shop, manifests: Sequence[Feature], parts: Path) -> str:
    """Check that a deployment of some features is refused or served, and return a summary."""
    expected = expected_codes(manifests)
    if "K111" in expected:
        see_refused(shop, expected)
        shop.choose(choices(manifests))
        expected = expected_codes(manifests, choices(manifests))
    if expected:
        return see_refused(shop, expected)
    return see_served(shop, manifests, parts)


def see_refused(shop: Shop, expected: set[str]) -> str:
    """Check that `check` and `serve` refuse the combination with the expected codes."""
    report = json.loads(shop.run("check", "--offline", "--json", ends_with=2))
    codes = {fault["code"] for fault in report["faults"] if fault["severity"] == "error"}
    expect(codes == expected, f"refused with {codes}, not {expected}")
    shop.run("serve", f"--bind=127.0.0.1:{shop.port}", ends_with=2)
    expect(not shop.database.exists(), "a refused deployment touched its database")
    return f"refused, as its manifests say: {', '.join(sorted(expected))}"


def see_served(shop: Shop, features: Sequence[Feature], parts: Path) -> str:
    """Check that the combination migrates, has no faults, and serves its document and routes."""
    shop.run("db", "upgrade")
    shop.fill()
    with shop.serving():
        document = shop.ask("/openapi.json").json
        tags = {tag["name"] for tag in document["tags"]}
        expect(tags == {one.name for one in features if one.blueprints}, f"documented are {tags}")
        for feature in features:
            compare(parts / f"{feature.name}.json", part_of(document, feature.name))
        expect(shop.ask("/docs").status == 200, "the page of the document is away")
        expect(shop.ask("/v1/no-such-thing").status == 404, "an unknown address is not 404")
        asked = sum(1 for _ in walk(shop, document))
        bought = buy(shop) if "/v1/orders" in document["paths"] else "nothing to buy"
    return f"serves {len(document['paths'])} addresses; {asked} asked; {bought}"


def part_of(document: Document, feature: str) -> str:
    """Return a document's operations of one feature, with the schemas that they refer to.

    Without those that composition owns: they say what is on.
    """
    paths: dict[str, Any] = {}
    for path, operations in document["paths"].items():
        own = {verb: one for verb, one in operations.items() if is_of(one, feature)}
        if own:
            # The other members of a path apply to all of its operations.
            shared = {key: value for key, value in operations.items() if key == "parameters"}
            paths[path] = shared | own
    prefix = "".join(word.capitalize() for word in feature.split("_"))
    schemas = {
        name: schema
        for name, schema in document["components"]["schemas"].items()
        if name.startswith(prefix) or not OF_COMPOSITION.search(name)
    }
    used = reachable(schemas, json.dumps(paths))
    tag = [one for one in document["tags"] if one["name"] == feature]
    kept = {name: schema for name, schema in schemas.items() if name in used}
    return json.dumps({"tags": tag, "paths": paths, "schemas": kept}, ensure_ascii=False, indent=1)


def is_of(operation: Any, feature: str) -> bool:
    """Tell whether a member of a path is an operation of *feature*."""
    return isinstance(operation, dict) and operation.get("tags") == [feature]


def reachable(schemas: Document, text: str) -> set[str]:
    """Return the names of schemas that *text* refers to, directly or indirectly."""
    used: set[str] = set()
    waiting = schemas.keys() & REFERENCE.findall(text)
    while waiting:
        used |= waiting
        texts = [json.dumps(schemas[name]) for name in waiting]
        waiting = (schemas.keys() & REFERENCE.findall("".join(texts))) - used
    return used


def compare(file: Path, part: str) -> None:
    """Compare with the documents of earlier combinations; the first one writes them."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        written = file.with_suffix(f".{os.getpid()}")
        written.write_text(part)
        written.replace(file)
    expect(
        file.read_text() == part,
        f"the document of {file.stem} depends on what else is on:\n{difference(file, part)}",
    )


def difference(file: Path, part: str) -> str:
    """Return the first lines that differ."""
    before, after = file.read_text().splitlines(), part.splitlines()
    pairs = zip(before, after, strict=False)
    differ = [f"- {one}\n+ {other}" for one, other in pairs if one != other]
    return "\n".join(differ[:5]) or f"{len(before)} lines, and {len(after)}"


def walk(shop: Shop, document: Document) -> Iterator[str]:
    """Call every operation without a token: public lists and items are read, others refused."""
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            if verb == "parameters":
                continue
            if verb == "get" and "{" not in path:
                yield from read(shop, document, path, operation)
            else:
                yield path
                answer = shop.ask(re.sub(r"{[^}]+}", UNKNOWN_ID, path), verb.upper())
                expect_refused(answer, f"{verb.upper()} {path}")


def read(shop: Shop, document: Document, path: str, operation: Document) -> Iterator[str]:
    """Read a URL without variables; if it is a list, also its next page and its first item."""
    yield path
    answer = shop.ask(path)
    needs_more = any(one.get("required") for one in operation.get("parameters", ()))
    # A page that is switched on by a setting says that it may be absent.
    is_off = answer.status == 404 and "404" in operation["responses"]
    if operation["x-permission"] != "anyone" or needs_more or is_off:
        expect_refused(answer, f"GET {path}")
        return
    expect(answer.status == 200, f"GET {path}: {answer.status} {answer.body!r}")
    items = answer.json.get("data", ())
    if len(items) > 1:
        yield path
        link = shop.ask(f"{path}?limit=1").headers["Link"]
        place = link.partition(">")[0].removeprefix("<")
        expect(shop.ask(place).status == 200, f"the next page {place} is away")
    one = next((other for other in document["paths"] if other.startswith(f"{path}/{{")), None)
    if items and one and one.endswith("}"):
        yield one
        place = f"{path}/{items[0]['id']}"
        expect(shop.ask(place).json["id"] == items[0]["id"], f"{place} is another one")


def buy(shop: Shop) -> str:
    """Place an order as a guest, and return what it cost: the total of its quote."""
    for product in shop.ask("/v1/products?in_stock=true&currency=EUR").json["data"]:
        variants = shop.ask(f"/v1/products/{product['id']}").json["variants"]
        for variant in filter(itemgetter("requires_shipping"), variants):
            lines = [{"variant_id": variant["id"], "quantity": 2}]
            wanted = {"lines": lines, "currency": "EUR", "shipping_address": ADDRESS}
            quote = quoted(shop, wanted)
            if quote["warnings"]:
                continue
            for method in quote["shipping_methods"][:1]:
                wanted["shipping_method"] = method["code"]
                quote = quoted(shop, wanted)
            contact = {"email": "walker@example.com"}
            expected = {"expected_amount_total": quote["amount_total"]}
            order = shop.ask("/v1/orders", "POST", wanted | contact | expected)
            expect(order.status == 201, f"the order: {order.status} {order.body!r}")
            return f"bought for {order.json['amount_total']}"
    raise NotAsPromisedError("nothing can be bought")


def quoted(shop: Shop, wanted: Document) -> Document:
    """Return the quote of a purchase."""
    answer = shop.ask("/v1/orders/quote", "POST", wanted)
    expect(answer.status == 200, f"the quote: {answer.status} {answer.body!r}")
    quote: Document = answer.json
    return quote


def expect_refused(answer: Answer, what: str) -> None:
    """Expect a problem document with a status below 500."""
    kind = answer.headers.get("Content-Type", "")
    expect(
        answer.status in REFUSALS and kind == "application/problem+json",
        f"{what}: {answer.status} {kind} {answer.body!r}",
    )


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001
    """Raise an error with the text *otherwise* unless *holds* is true.

    Raises:
        NotAsPromisedError: *holds* is false.
    """
    if not holds:
        raise NotAsPromisedError(otherwise)


if __name__ == "__main__":
    main()
