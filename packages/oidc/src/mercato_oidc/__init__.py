"""The feature oidc: identities from an external OpenID Connect issuer."""

# The public surface is the manifest: its settings and the contract it offers.
__all__ = ["feature"]
