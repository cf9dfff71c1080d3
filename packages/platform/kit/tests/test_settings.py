from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from mercato_kit.feature import Feature
from mercato_kit.settings import (
    Mistake,
    Secret,
    Settings,
    WrongSetting,
    current_settings,
    describe,
    is_secret,
    kind_of,
    read,
    read_partly,
)


class MailSettings(Settings):
    host: Annotated[str, Meta(description="Where mail goes")]
    port: Annotated[int, Meta(ge=1, le=65535)] = 25
    secure: bool = True
    transport: Literal["smtp", "folder"] = "smtp"
    password: Secret | None = None
    copies: tuple[str, ...] = ()

    def __post_init__(self):
        if self.transport == "folder" and self.password is not None:
            raise ValueError("a folder needs no password")
        if self.host == "localhost" and not self.secure:
            raise WrongSetting("secure", "it must be on, even here")
        if "me" in self.copies:
            raise WrongSetting("copies", "expected other addresses")


class OtherSettings(Settings):
    size: float = 1.0


class Account(msgspec.Struct):
    user: str
    password: str


class WideSettings(Settings):
    retries: int = 1
    pause: int | None = None
    transport: Literal["smtp", "folder"] = "smtp"
    headers: dict[str, str] | None = None
    servers: list[int] | None = None
    account: Account | None = None


class Pages(Settings):
    origins: Annotated[list[str], Meta(description="Who may call")] = msgspec.field(
        default_factory=list
    )


class TestRead:
    @pytest.mark.parametrize(
        ("given", "read_as"),
        [("a, b,", ["a", "b"]), ("", []), ("a", ["a"]), (["a,b"], ["a,b"])],
    )
    def test_splits_the_text_of_a_list(self, given, read_as):
        """A variable of the environment has a list with commas; a list is taken as it is."""
        settings, mistakes = read(Pages, {"origins": given})

        assert (settings.origins, mistakes) == (read_as, [])

    def test_uses_defaults(self):
        """An absent setting has its default."""
        settings, mistakes = read(MailSettings, {"host": "mx"})

        assert mistakes == []
        assert settings == MailSettings(host="mx")

    def test_converts_text(self):
        """Text from the environment is converted to the type of the field."""
        settings, _ = read(
            MailSettings,
            {"host": "mx", "port": "587", "secure": "false", "password": "s", "transport": "smtp"},
        )

        assert (settings.port, settings.secure) == (587, False)
        assert settings.password.reveal() == "s"

    def test_accepts_values_of_a_file(self):
        """Values from a file already have their types."""
        settings, _ = read(MailSettings, {"host": "mx", "port": 587, "copies": ["a", "b"]})

        assert (settings.port, settings.copies) == (587, ("a", "b"))

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("headers", "hush-hush"),
            ("headers", {"authorization": ["hush-hush"]}),
            ("servers", ["hush-hush"]),
            ("account", {"user": "shop", "passwort": "hush-hush"}),
            ("retries", {"password": "hush-hush"}),
            ("retries", "smtp://shop:hush-hush@mx"),
            ("retries", "https://mx?token=hush-hush"),
            ("transport", "smtp://shop:hush-hush@mx"),
            ("retries", "shop:hush-hush@mx"),
            ("retries", "redis://:hush-hush"),
        ],
    )
    def test_shows_no_possible_secret(self, key, value):
        """Tables, lists and URLs with credentials or parameters are not shown."""
        _, [mistake] = read(WideSettings, {key: value})

        assert (mistake.key, mistake.kind) == (key, "wrong")
        assert mistake.detail.startswith("Expected") or "missing" in mistake.detail
        assert "hush" not in mistake.detail

    @pytest.mark.parametrize(
        ("key", "value", "detail"),
        [
            ("transport", "pigeon", '\'pigeon\': Expected "folder" or "smtp"'),
            ("pause", "long", "'long': Expected `int`, got `str`"),
        ],
    )
    def test_says_what_is_expected(self, key, value, detail):
        """The valid values are listed; that a setting may be absent is no type of a value."""
        _, mistakes = read(WideSettings, {key: value})

        assert [mistake.detail for mistake in mistakes] == [detail]

    def test_shortens_long_values(self):
        """Long values are shortened; integers that Python cannot print are not shown."""
        _, [text, number] = read(WideSettings, {"retries": "x" * 9000, "transport": 16**9000})

        assert len(text.detail) < 300
        assert number.detail.startswith("Expected")

    def test_reports_every_mistake_at_once(self):
        """All mistakes are reported together, with suggestions."""
        settings, mistakes = read(
            MailSettings, {"prot": 25, "port": 0, "secure": "maybe", "transport": "pigeon"}
        )

        assert settings is None
        assert {(mistake.key, mistake.kind) for mistake in mistakes} == {
            ("prot", "unknown"),
            ("host", "missing"),
            ("port", "wrong"),
            ("secure", "wrong"),
            ("transport", "wrong"),
        }
        assert mistakes[0] == Mistake("prot", "unknown", "unknown setting", "port")

    @pytest.mark.parametrize("key", ["zzz", ""])
    def test_suggests_only_similar_names(self, key):
        """A name that is not similar to any setting has no suggestion."""
        _, mistakes = read(MailSettings, {"host": "mx", key: 1})

        assert [mistake.suggestion for mistake in mistakes] == [None]

    @pytest.mark.parametrize(
        ("key", "value"),
        [("port", 1.5), ("port", True), ("port", "1.5"), ("host", 5), ("secure", 1)],
    )
    def test_refuses_another_type(self, key, value):
        """A value of a wrong type is reported with the value."""
        _, mistakes = read(MailSettings, {"host": "mx", key: value})

        assert [(mistake.key, mistake.kind) for mistake in mistakes] == [(key, "wrong")]
        assert repr(value) in mistakes[0].detail

    @pytest.mark.parametrize("value", [12345, ["hunter2"], {"hunter2": 1}])
    def test_never_shows_a_secret(self, value):
        """A mistake in a secret is reported without its value."""
        _, mistakes = read(MailSettings, {"host": "mx", "password": value})

        assert [mistake.key for mistake in mistakes] == ["password"]
        assert "hunter2" not in mistakes[0].detail
        assert "12345" not in mistakes[0].detail

    def test_reports_invalid_combinations(self):
        """Settings that are invalid together are reported as a mistake."""
        settings, mistakes = read(
            MailSettings, {"host": "mx", "transport": "folder", "password": "s"}
        )

        assert settings is None
        assert mistakes == [Mistake("", "wrong", "a folder needs no password")]

    def test_reports_the_setting_that_is_named(self):
        """WrongSetting names the setting that the mistake is of."""
        _, mistakes = read(MailSettings, {"host": "localhost", "secure": False})

        assert mistakes == [Mistake("secure", "wrong", "it must be on, even here")]

    def test_reports_every_setting_that_is_refused(self):
        """One refused setting does not hide the next; a default that is refused is one, too."""
        values = {"host": "localhost", "secure": False, "port": 26, "copies": ["me"]}

        found = read_partly(MailSettings, values)

        assert [mistake.key for mistake in found.mistakes] == ["secure", "copies"]
        assert found.settings is None

    def test_keeps_what_is_valid(self):
        """The valid part has valid values and the defaults of settings that are not given."""
        found = read_partly(MailSettings, {"host": "mx", "port": "many"})

        assert found.known["host"] == "mx"
        assert found.known["transport"] == "smtp"
        assert "port" not in found.known


class TestSecret:
    def test_is_never_shown(self):
        """The text is not shown in logs, errors or settings."""
        secret = Secret("hunter2")
        settings = MailSettings(host="mx", password=secret)

        for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", repr(settings)):
            assert "hunter2" not in shown
        assert secret.reveal() == "hunter2"

    def test_is_recognized_by_its_type(self):
        """A field of type Secret is recognized, even if it is optional."""
        fields = {field.name: field for field in msgspec.structs.fields(MailSettings)}

        assert is_secret(fields["password"])
        assert not is_secret(fields["host"])


class TestDescribe:
    def test_has_type_and_description(self):
        """A setting is described in one line."""
        fields = {field.name: field for field in msgspec.structs.fields(MailSettings)}

        assert describe(fields["host"]) == "str: Where mail goes"
        assert describe(fields["secure"]) == "bool"


class Ranges(Settings, frozen=True, kw_only=True):
    port: Annotated[int, Meta(ge=1, le=9)]
    least: Annotated[int, Meta(ge=1)] | None = None
    most: Annotated[int, Meta(le=9)] = 1
    above: Annotated[float, Meta(gt=0)] = 1.0
    way: Literal["smtp", "folder"] = "smtp"
    key: Secret | None = None


class TestKindOf:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("port", "int, 1 to 9"),
            ("least", "int, 1 or more"),
            ("most", "int, 9 at most"),
            ("above", "float, above 0"),
            ("way", '"folder" or "smtp"'),
            ("key", "secret"),
        ],
    )
    def test_has_type_and_range(self, name, kind):
        """The accepted values are described for operators."""
        fields = {field.name: field for field in msgspec.structs.fields(Ranges)}

        assert kind_of(fields[name]) == kind


class TestSettings:
    def test_cannot_be_changed(self):
        """Settings are frozen."""
        with pytest.raises(AttributeError):
            MailSettings(host="mx").port = 1


class TestCurrentSettings:
    def test_are_those_of_the_app(self, boot, sqlite_url):
        """The settings of a class are those of the current app."""
        mail = Feature(name="mail", summary="", settings=MailSettings)
        app = boot(sqlite_url, features=[mail], settings={"mail": MailSettings(host="mx")})

        with app.app_context():
            assert current_settings(MailSettings).host == "mx"
            with pytest.raises(LookupError, match="OtherSettings"):
                current_settings(OtherSettings)
