"""Settings of mfa."""

from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from mercato_kit.hosts import is_host, is_http_url, is_public_https
from mercato_kit.settings import Rule, Settings, WrongSetting


class MfaSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.mfa.settings]``."""

    production = (
        Rule(
            "origins",
            lambda own: not all(is_public_https(one) for one in own.origins),
            "customers cannot use passkeys: browsers want https, on a domain of the internet",
            {"origins": ["http://www.your-shop.tld"], "rp_id": "your-shop.tld"},
            instead=["https://www.your-shop.tld"],
            reads=["rp_id"],
        ),
    )

    issuer: Annotated[
        str,
        Meta(min_length=1, max_length=60, description="Name of the shop in authenticator apps"),
    ] = "Mercato"
    rp_id: Annotated[
        str, Meta(description="Domain that passkeys belong to (RP ID); it cannot change later")
    ] = "localhost"
    origins: Annotated[
        tuple[str, ...],
        Meta(min_length=1, description="Origins of the pages that use passkeys"),
    ] = ("http://localhost:5000",)

    def __post_init__(self) -> None:
        """Check the domain, and that each origin belongs to it."""
        if not is_host(self.rp_id):
            raise WrongSetting("rp_id", "expected a domain, without scheme and port")
        for origin in self.origins:
            if not _is_origin_of(origin, self.rp_id):
                what = f"expected origins of {self.rp_id} or below, such as https://{self.rp_id}"
                raise WrongSetting("origins", what, instead=[f"https://{self.rp_id}"])


def _is_origin_of(origin: str, domain: str) -> bool:
    if not is_http_url(origin):
        return False
    parts = urlsplit(origin)
    host = parts.hostname or ""
    is_bare = origin == f"{parts.scheme}://{parts.netloc}"
    return is_bare and (host == domain or host.endswith(f".{domain}"))
