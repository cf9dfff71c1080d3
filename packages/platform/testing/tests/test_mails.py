"""The fake of the contract ``messages``."""

import pytest
from jinja2 import UndefinedError

from mercato_contracts.messages import Messages, NotSentError
from mercato_kit.feature import Feature
from mercato_kit.services import get
from mercato_testing.mails import MESSAGES

from .test_conformance_mails import PARTS


@pytest.fixture(scope="session")
def _folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mails")
    for language, greeting in {"en": "Hello", "de": "Hallo"}.items():
        (folder / language).mkdir()
        for name, text in PARTS.items():
            (folder / language / name).write_text(text.replace("Hello", greeting))
    return folder


@pytest.fixture
def feature(_folder):
    """A feature with one template."""
    return Feature(name="alpha", summary="For a test.", mails=_folder)


@pytest.fixture
def fakes():
    """The fake."""
    return [MESSAGES]


@pytest.fixture
def post(app, postbox):
    """A function that posts a mail, outside of a transaction."""

    def send(key="1", template="alpha.hello", **more):
        given = {"context": {"name": "Ada"}, **more}
        with app.app_context():
            get(Messages).post(key, template, "ada@bücher.example", "de", **given)

    return send


class TestPostbox:
    def test_keeps_each_mail_once(self, post, postbox):
        """A mail is written in English, once by template and key, and taken once."""
        post()
        post()

        [mail] = postbox.take()
        assert (mail["To"], mail["Subject"]) == ("ada@xn--bcher-kva.example", "Hello")
        assert (mail["Template"], mail.get_content()) == ("alpha.hello", "Hello Ada\n")
        assert postbox.take() == []

    def test_refuses_what_a_template_lacks(self, post):
        """A value that is missing, in any file of any language, and an unknown secret fail."""
        with pytest.raises(UndefinedError, match="name"):
            post(context={})
        with pytest.raises(AssertionError, match="token"):
            post(secrets=("token",))
        with pytest.raises(AssertionError, match="beta has no mails"):
            post(template="beta.hello")

    def test_can_be_away(self, post, postbox):
        """Mails with secrets are not sent then, and others are stored."""
        postbox.is_away = True

        post()
        with pytest.raises(NotSentError):
            post("2", secrets=("name",))

        assert len(postbox.take()) == 1

    def test_refuses_secrets_in_a_transaction(self, commit, postbox):
        """A mail with secrets is sent outside of a transaction."""
        arguments = ("1", "alpha.hello", "ada@example.com", None, {"name": "Ada"}, ("name",))

        with pytest.raises(RuntimeError, match="unit of work"):
            commit(lambda: get(Messages).post(*arguments))
