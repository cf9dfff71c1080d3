"""Services of users. They take plain values, return models and never commit."""

from mercato_users.services.accounts import create_verified_user
from mercato_users.services.accounts import register
from mercato_users.services.accounts import request_verification
from mercato_users.services.accounts import verify_email
from mercato_users.services.passwords import request_password_reset
from mercato_users.services.passwords import reset_password
from mercato_users.services.profile import find_user
from mercato_users.services.profile import update_profile
from mercato_users.services.roles import create_role
from mercato_users.services.roles import grant_role
from mercato_users.services.roles import list_roles
from mercato_users.services.sessions import Login
from mercato_users.services.sessions import Tokens
from mercato_users.services.sessions import log_in
from mercato_users.services.sessions import log_out
from mercato_users.services.sessions import refresh_tokens
from mercato_users.services.staff import list_users
from mercato_users.services.staff import reactivate_user
from mercato_users.services.staff import suspend_user

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
