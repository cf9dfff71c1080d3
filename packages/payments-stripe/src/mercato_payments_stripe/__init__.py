"""The feature payments_stripe: payments with Stripe."""

# The public interface is the manifest; all modules are private.
__all__ = ["feature"]
