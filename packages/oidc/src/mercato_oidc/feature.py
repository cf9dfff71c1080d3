"""OIDC: identify callers by access tokens of an external issuer."""

from mercato_kit.feature import Check, Feature, Offer
from mercato_kit.identity import IdentityProvider
from mercato_oidc import provides
from mercato_oidc.provides import Identity
from mercato_oidc.settings import OidcSettings

feature = Feature(
    name="oidc",
    summary="Access tokens of an external OpenID Connect issuer.",
    offers=[Offer(IdentityProvider, "1.0", Identity)],
    settings=OidcSettings,
    # Known keys still work while the issuer does not answer, so the shop stays ready.
    health=[Check("issuer_keys", provides.keys_mistake, required=False)],
)
