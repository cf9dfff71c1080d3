"""Services of mfa: they take plain values and never commit."""

from mercato_mfa.services.enrollment import (
    NewPasskey,
    NewTotp,
    add_passkey,
    begin_passkey,
    begin_totp,
    confirm_totp,
    make_recovery_codes,
)
from mercato_mfa.services.factors import begin, methods, remove_all, verify
from mercato_mfa.services.inventory import (
    Factor,
    Factors,
    list_factors,
    remove_factor,
    shown_passkey,
    shown_totp,
)

__all__ = [
    "Factor",
    "Factors",
    "NewPasskey",
    "NewTotp",
    "add_passkey",
    "begin",
    "begin_passkey",
    "begin_totp",
    "confirm_totp",
    "list_factors",
    "make_recovery_codes",
    "methods",
    "remove_all",
    "remove_factor",
    "shown_passkey",
    "shown_totp",
    "verify",
]
