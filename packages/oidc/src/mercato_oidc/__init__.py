"""The feature oidc: identities of an OpenID Connect issuer outside the deployment."""

# The public surface is the manifest: its settings and the contract it offers.
__all__ = ["feature"]
