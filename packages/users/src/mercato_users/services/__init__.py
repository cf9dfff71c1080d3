"""Services of users. They take plain values, return models and never commit."""

from mercato_users.services.accounts import (
    create_verified_user,
    register,
    request_verification,
    verify_email,
)
from mercato_users.services.passwords import request_password_reset, reset_password
from mercato_users.services.profile import find_user, update_profile
from mercato_users.services.roles import create_role, grant_role, list_roles
from mercato_users.services.sessions import Login, Tokens, log_in, log_out, refresh_tokens
from mercato_users.services.staff import list_users, reactivate_user, suspend_user

__all__ = [
    "Login",
    "Tokens",
    "create_role",
    "create_verified_user",
    "find_user",
    "grant_role",
    "list_roles",
    "list_users",
    "log_in",
    "log_out",
    "reactivate_user",
    "refresh_tokens",
    "register",
    "request_password_reset",
    "request_verification",
    "reset_password",
    "suspend_user",
    "update_profile",
    "verify_email",
]
