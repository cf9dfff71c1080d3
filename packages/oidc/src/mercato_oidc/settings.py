"""Settings of the feature, from the deployment file or the environment."""

from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from mercato_kit.hosts import is_http_url, is_link_local, is_loopback, is_private
from mercato_kit.settings import Rule, Settings, WrongSetting

Url = Annotated[str, Meta(max_length=2000)]

_ISSUER = "https://id.example.com"
_JWKS_URI = "https://id.example.com/keys"
_IN_CLEAR = "it is not https, so anyone on the network path could replace the keys and forge tokens"


class OidcSettings(Settings, frozen=True, kw_only=True):
    """The trusted issuer, and how its keys are fetched."""

    production = (
        Rule(
            "issuer",
            lambda own: own.issuer.startswith("http:"),
            _IN_CLEAR,
            {"issuer": "http://id.example.com"},
            instead=_ISSUER,
        ),
        Rule(
            "jwks_uri",
            lambda own: own.jwks_uri.startswith("http:"),
            _IN_CLEAR,
            {"jwks_uri": "http://id.example.com/keys"},
            instead=_JWKS_URI,
        ),
        Rule(
            "jwks_uri",
            lambda own: _is_here(own.jwks_uri),
            "any program on this machine or its link could give keys, and so forge tokens",
            {"jwks_uri": "https://169.254.169.254/keys"},
            instead=_JWKS_URI,
        ),
        Rule(
            "jwks_uri",
            lambda own: not _is_here(own.jwks_uri) and _is_elsewhere(own.jwks_uri, own.issuer),
            "the keys are in a private network, or not on the issuer's host",
            {"issuer": _ISSUER, "jwks_uri": "https://keys.example.net/keys"},
            instead=_JWKS_URI,
            reads=["issuer"],
            acceptable=True,
        ),
    )

    issuer: Annotated[Url, Meta(examples=[_ISSUER], description="`iss` of its tokens, exactly")]
    audience: Annotated[
        str, Meta(min_length=1, examples=["mercato"], description="`aud` of tokens for this shop")
    ]
    jwks_uri: Annotated[Url, Meta(examples=[_JWKS_URI], description="URL of its key set")]
    permissions_claim: Annotated[
        str, Meta(min_length=1, description="Claim with permissions: a list, or words")
    ] = "permissions"
    timeout_seconds: Annotated[
        float, Meta(gt=0, le=30, description="Total time limit of one fetch of the keys")
    ] = 3.0
    keys_kept_seconds: Annotated[
        float, Meta(gt=0, le=86400, description="Age after which the keys are fetched again")
    ] = 300.0
    fetch_pause_seconds: Annotated[
        float, Meta(gt=0, le=3600, description="Minimum pause between two fetches")
    ] = 5.0

    def __post_init__(self) -> None:
        """Check the URLs, which the rules for production parse."""
        for key in ("issuer", "jwks_uri"):
            if not is_http_url(getattr(self, key)):
                what = "expected a URL with http or https and a host, without password and fragment"
                raise WrongSetting(key, what)


def _is_here(url: str) -> bool:
    host = _host(url)
    return is_loopback(host) or is_link_local(host)


def _is_elsewhere(url: str, issuer: str) -> bool:
    """Tell whether *url* is in a private network, or neither on the issuer's host nor below it."""
    host, home = _host(url), _host(issuer)
    return is_private(host) or not f".{host}".endswith(f".{home}")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
