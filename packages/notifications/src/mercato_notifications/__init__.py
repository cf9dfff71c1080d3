"""Mails for Mercato: templates in the customer's language, sent through a mail server."""

# The public interface is HTTP, the tables and the manifest; all other modules are private.
__all__ = ["feature"]
