"""Settings of the feature, from the deployment file or the environment."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from mercato_kit.settings import Rule, Settings

Url = Annotated[str, Meta(pattern=r"^https?://[\w.\[\]:-]+(/[^\s#]*)?$", max_length=2000)]


_ISSUER = "https://id.example.com"
_JWKS_URI = "https://id.example.com/keys"
_WHY = "it is not https, so anyone on the network path could replace the keys and forge tokens."


class OidcSettings(Settings, frozen=True, kw_only=True):
    """The trusted issuer, and how its keys are fetched."""

    production = (
        Rule("issuer", lambda own: is_plain_http(own.issuer), _WHY, _ISSUER),
        Rule("jwks_uri", lambda own: is_plain_http(own.jwks_uri), _WHY, _JWKS_URI),
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


def is_plain_http(url: str) -> bool:
    """Tell whether requests to *url* leave this machine without encryption."""
    place = urlsplit(url)
    return place.scheme == "http" and not _is_loopback(place.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
