"""Templates of mails: where their files are, and in which languages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jinja2
from jinja2.loaders import split_template_path

from mercato_kit.composition import current_composition
from mercato_kit.settings import current_settings
from mercato_notifications.settings import NotificationsSettings

SHARED: Final = Path(__file__).parent / "mails"
"""The folder of what the mails of all features have in common, such as the layout."""

PARTS: Final = ("subject.txt", "txt", "html")
"""The files of a template in one language, which are chosen together."""


class NoTemplateError(LookupError):
    """No composed feature has a template of this name."""


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of an app.

    Args:
        own: The operator's folder, which comes first: ``de/users.verify_email.html``.
        folders: The folder of each feature that has one: ``de/verify_email.html``.
    """

    own: Path | None
    folders: Mapping[str, Path]

    def choose(self, template: str, locales: Sequence[str]) -> str:
        """Return the first of *locales* that has all files of a template.

        Raises:
            NoTemplateError: None has.
        """
        for locale in locales:
            if all(self.path(f"{locale}/{template}.{part}") for part in PARTS):
                return locale
        raise NoTemplateError(f"no enabled feature has a mail {template!r} in English")

    def path(self, name: str) -> Path | None:
        """Return the file of a name; None if there is none.

        Args:
            name: ``<language>/<feature>.<file>``, or a file that all mails share: ``layout.html``.
        """
        try:
            split_template_path(name)
        except jinja2.TemplateNotFound:
            # A name with `..` would leave the folder.
            return None
        if self.own is not None and (self.own / name).is_file():
            return self.own / name
        locale, _, rest = name.rpartition("/")
        feature, _, file = rest.partition(".")
        if not locale:
            found = SHARED / rest
        elif feature in self.folders:
            found = self.folders[feature] / locale / file
        else:
            return None
        return found if found.is_file() else None

    def load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        """Return the text of a file, its path, and whether it is unchanged, as Jinja asks for."""
        path = self.path(name)
        if path is None:
            return None
        written = path.stat().st_mtime_ns
        # An operator who edits a template sees the change without a restart.
        return path.read_text("utf-8"), str(path), lambda: path.stat().st_mtime_ns == written


def current_templates() -> Templates:
    """Return the templates of the current app."""
    own = current_settings(NotificationsSettings).templates
    features = current_composition().features
    folders = {one.name: one.mails for one in features if one.mails is not None}
    return Templates(Path(own) if own else None, folders)
