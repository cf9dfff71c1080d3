"""The checks of the templates of mails."""

import pytest

from mercato_kit.feature import Feature
from mercato_testing.conformance.mails import incomplete_templates, malformed_templates

HTML = '{% extends "layout.html" %}{% block content %}{{ name }}{% endblock %}'
PARTS = {"hello.subject.txt": "Hello", "hello.txt": "Hello {{ name }}", "hello.html": HTML}


@pytest.fixture
def mails(tmp_path):
    """A function that makes a feature with templates, by language."""

    def make(**languages):
        for language, files in languages.items():
            (tmp_path / language).mkdir()
            for name, text in files.items():
                (tmp_path / language / name).write_text(text)
        return Feature(name="alpha", summary="For a test.", mails=tmp_path)

    return make


class TestIncompleteTemplates:
    def test_finds_nothing_where_all_are_there(self, mails):
        """Three files in each language are complete; parts of others do not count."""
        assert list(incomplete_templates(mails(en=PARTS, de={**PARTS, "_part.html": ""}))) == []

    def test_of_a_feature_without_mails(self):
        """A feature without templates keeps the rule."""
        assert list(incomplete_templates(Feature(name="alpha", summary="For a test."))) == []

    def test_finds_a_missing_language(self, mails):
        """Each mail has to be in English, and in the languages of the others."""
        assert list(incomplete_templates(mails(de=PARTS))) == ["en has no mail 'hello'"]

    def test_finds_a_missing_file(self, mails, tmp_path):
        """A mail without HTML is found."""
        feature = mails(en={name: PARTS[name] for name in ("hello.subject.txt", "hello.txt")})

        assert list(incomplete_templates(feature)) == [f"{tmp_path}/en/hello.html is missing"]


class TestMalformedTemplates:
    def test_finds_what_jinja_cannot_read(self, mails, tmp_path):
        """A tag that is not closed is found."""
        [found] = malformed_templates(mails(en={**PARTS, "hello.txt": "{% if %}"}))

        assert found.startswith(f"{tmp_path}/en/hello.txt: ")

    def test_finds_html_without_the_layout(self, mails, tmp_path):
        """HTML that is a document of its own is found; a part of others is none."""
        feature = mails(en={**PARTS, "hello.html": "<p>Hello</p>", "_part.html": "<p>Bye</p>"})

        [found] = malformed_templates(feature)

        assert found.startswith(f"{tmp_path}/en/hello.html does not begin with")
