"""A fake of the contract ``messages``, which writes mails and keeps them.

::

    from mercato_testing.mails import MESSAGES

    @pytest.fixture
    def fakes():
        return [MESSAGES]

    def test_mails_a_link(client, deliver_events, postbox):
        ...
        deliver_events()
        [mail] = postbox.take()
        assert "/verify-email?token=" in mail.get_content()
"""

from collections.abc import Collection, Mapping
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import jinja2

from mercato_contracts.messages import Messages, NotSentError, Shop
from mercato_kit import work
from mercato_kit.composition import current_composition
from mercato_kit.emails import parse
from mercato_testing.fakes import fake

BASE: Final = "http://127.0.0.1:5000"
"""What links begin with."""

SHOP: Final = Shop("Mercato", BASE)
"""The shop that mails are from."""

_LAYOUT = "{{ subject }}{% block content %}{% endblock %}"


class Postbox:
    """Writes each mail in all languages, so that a wrong template fails, and keeps the English one.

    Attributes:
        is_away: Whether mails with secrets cannot be sent now.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all mails."""
        self._kept: dict[tuple[str, str], EmailMessage] = {}
        self._taken: set[tuple[str, str]] = set()
        self.is_away = False

    def take(self) -> list[EmailMessage]:
        """Return the mails since the last call, in the order in which they were posted.

        The header ``Template`` has the name of the template, ``Secrets`` those of the secrets.
        """
        new = [key for key in self._kept if key not in self._taken]
        self._taken.update(new)
        return [self._kept[key] for key in new]

    def post(
        self,
        key: str,
        template: str,
        to: str,
        locale: str | None,
        context: Mapping[str, Any],
        secrets: Collection[str] = (),
        subject: UUID | None = None,
    ) -> None:
        """Write a mail, once by template and key.

        Raises:
            NotSentError: It has secrets, and mails cannot be sent now.
            AssertionError: A secret is not in the context, or a template is missing.
            RuntimeError: It has secrets, and a unit of work is running.
        """
        if unknown := set(secrets) - context.keys():
            raise AssertionError(f"{template}: {unknown} are not in the context")
        if secrets:
            work.require_none("post() with secrets")
            if self.is_away:
                raise NotSentError("the postbox is away")
        self._kept.setdefault((template, key), _written(template, to, context, secrets))


POSTBOX: Final = Postbox()

MESSAGES: Final = fake(Messages, post=POSTBOX.post, shop=SHOP)
"""The offer of the fake. The fixture ``postbox`` returns its postbox, which is empty then."""


def _written(
    template: str, to: str, context: Mapping[str, Any], secrets: Collection[str]
) -> EmailMessage:
    feature, _, name = template.partition(".")
    folder = next((it.mails for it in current_composition().features if it.name == feature), None)
    if folder is None:
        raise AssertionError(f"{feature} has no mails")
    texts = {it.name: _rendered(it, name, context) for it in folder.iterdir() if it.is_dir()}
    subject, text = texts["en"]
    message = EmailMessage(policy=SMTPUTF8)
    message["To"], message["Subject"] = parse(to).mailbox, subject
    message["Template"], message["Secrets"] = template, ",".join(secrets)
    message.set_content(text)
    return message


def _rendered(folder: Path, name: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Return the subject and the text of a mail in one language; its HTML is written, too."""
    loaders = [jinja2.FileSystemLoader(folder), jinja2.DictLoader({"layout.html": _LAYOUT})]
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"money": lambda amount, currency: f"{amount} {currency}", "date": str}
    given = {**context, "shop_name": SHOP.name, "locale": folder.name, "link": _link}
    given["button"] = lambda url, label: f"{label}: {url}"
    subject = environment.get_template(f"{name}.subject.txt").render(given).strip()
    environment.get_template(f"{name}.html").render({**given, "subject": subject})
    return subject, environment.get_template(f"{name}.txt").render(given)


def _link(page: str, **query: str) -> str:
    return f"{BASE}/{page}{'?' if query else ''}{urlencode(query)}"
