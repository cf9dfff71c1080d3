"""The feature payments_sandbox: a payment provider with play money."""

# The public interface is the manifest and the HTTP API of the server; all modules are private.
__all__ = ["feature"]
