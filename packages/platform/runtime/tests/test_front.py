"""The page /, and what all pages have: negotiation, headers, style sheet and icon."""

import re

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_host import create_app
from mercato_kit.feature import Check, Feature
from mercato_runtime.pages import front
from mercato_runtime.pages.front import Recent, links_of
from mercato_testing.samples import notes
from mercato_testing.samples.wheels import GOOD, install

feature = notes.feature

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

URLS = """\
Project-URL: Source, https://example.org/source
Project-URL: Changelog, javascript:alert(1)
"""


@pytest.fixture
def wheel_client(wheels, deployment):
    """A function that makes a client of an app with one installed feature."""

    def make(**server):
        install(wheels, "bookcase", GOOD.format(name="bookcase"), version="2.5", metadata=URLS)
        tables = {"features": {"bookcase": {}}, "server": server}
        return create_app(deployment(**tables)).test_client()

    return make


class TestNegotiation:
    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            (None, "application/json"),
            ("*/*", "application/json"),
            ("application/json", "application/json"),
            ("text/html;q=0.5, application/json", "application/json"),
            ("image/png", "application/json"),
            (BROWSER, "text/html"),
            ("text/html", "text/html"),
            ("text/html, */*", "text/html"),
        ],
    )
    def test_gives_html_to_those_that_prefer_it(self, client, accept, kind):
        """A browser gets a page, a program JSON; caches keep both apart."""
        answer = client.get("/", headers={"Accept": accept} if accept else {})

        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert answer.headers["Vary"] == "Accept"
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("path", ["/", "/problems", "/problems/not_found"])
    def test_pages_run_nothing_and_have_landmarks(self, client, path):
        """A page has a strict policy, no script and no inline style, one h1 and a skip link."""
        page = client.get(path, headers={"Accept": BROWSER})

        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src")
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", page.text)
        assert page.text.count("<h1") == 1
        assert all(it in page.text for it in ('lang="en"', 'href="#main"', "<main", "<nav"))

    def test_links_have_the_prefix_of_a_proxy(self, client):
        """Behind a proxy that adds a prefix, every link has it."""
        page = client.get("/", headers={"Accept": BROWSER}, base_url="http://x.example/shop")

        assert set(re.findall(r'(?:href|src)="(/[^/"]*)', page.text)) == {"/shop"}


class TestDocument:
    def test_shows_features_with_version_and_links(self, wheel_client):
        """A feature has name, summary, version, and the https links of its metadata."""
        shown = wheel_client().get("/").json

        assert shown["features"] == [
            {
                "name": "bookcase",
                "summary": "For a test.",
                "version": "2.5",
                "lists": [],
                "source": "https://example.org/source",
                "state": "on",
            }
        ]
        assert shown["links"] == {
            "docs": "/docs",
            "openapi": "/openapi.json",
            "problems": "/problems",
            "readiness": "/readyz",
        }

    def test_without_versions(self, wheel_client):
        """`show_versions = false` hides the versions."""
        shown = wheel_client(show_versions=False).get("/")

        assert "2.5" not in shown.text
        assert "version" not in shown.json["features"][0]

    def test_without_the_database(self):
        """The page answers while the database is away, and says that nothing is ready."""
        url = "postgresql://shop:secret@127.0.0.1:1/none"
        values = {"environment": "testing", "database": {"url": url}}
        client = create_app(read_deployment(values), features=[feature]).test_client()

        assert client.get("/").json["status"] == "not ready"
        assert "Not ready" in client.get("/", headers={"Accept": BROWSER}).text

    def test_names_what_is_degraded_and_left_out(self, client_of):
        """A failing check that is not required, and a feature that is left out, have a state."""
        far = Feature(
            name="far", summary="X.", health=[Check("tower", lambda: "Silent.", required=False)]
        )
        client = client_of(far, features={"no_such": {"required": False}})

        shown = client.get("/").json["features"]

        assert [(it["name"], it["state"]) for it in shown][1] == ("no_such", "left out")


class TestRecent:
    def test_asks_again_when_the_answer_is_old(self, monkeypatch):
        """Within two seconds the last answer is given; afterwards it is asked again."""
        asked = []
        now = [100.0]
        monkeypatch.setattr(front.time, "monotonic", lambda: now[0])
        recent = Recent(lambda: asked.append(1) or len(asked))

        answers = [recent.read(), recent.read()]
        now[0] += 2.5
        answers.append(recent.read())

        assert answers == [1, 1, 2]


class TestLinksOf:
    def test_an_absent_distribution(self):
        """A feature without a wheel has no links."""
        assert links_of(None) == links_of("no-such-distribution") == {}


class TestAssets:
    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/page.css", "text/css"),
            ("/favicon.svg", "image/svg+xml"),
            ("/favicon.ico", "image/x-icon"),
        ],
    )
    def test_have_an_etag(self, client, path, kind):
        """Style and icons are compared by ETag."""
        first = client.get(path)

        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

        assert (first.status_code, first.mimetype, again.status_code) == (200, kind, 304)

    def test_have_contrast_in_both_schemes(self, client):
        """Text of the style sheet has a contrast of 4.5 to 1 or more, in light and in dark."""
        sheet = client.get("/page.css").text
        light, dark = (
            dict(re.findall(r"--([a-z]+): #([0-9a-f]{6})", part))
            for part in sheet.split("@media (prefers-color-scheme: dark)")
        )

        for scheme in (light, light | dark):
            for text in ("ink", "faint", "link", "good", "fair", "bad"):
                for ground in ("paper", "card", "wash"):
                    assert contrast(scheme[text], scheme[ground]) >= 4.5, (text, ground)


def contrast(one, other):
    """Return the contrast of two colours (WCAG 2.2)."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour):
    """Return the relative luminance of a colour."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    return sum(it * weight for it, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))
