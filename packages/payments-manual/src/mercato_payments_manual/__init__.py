"""The feature payments_manual: payments that are received outside of Mercato."""

# The public interface is the manifest: its settings and the contract it offers.
__all__ = ["feature"]
