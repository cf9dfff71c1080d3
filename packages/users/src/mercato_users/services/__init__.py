"""What can be done with accounts and logins. Plain values in, models out; nothing commits."""

from mercato_users.services.accounts import create_verified
from mercato_users.services.accounts import register
from mercato_users.services.accounts import request_verification
from mercato_users.services.accounts import verify_email
from mercato_users.services.passwords import request_reset
from mercato_users.services.passwords import reset
from mercato_users.services.profile import find
from mercato_users.services.profile import update
from mercato_users.services.roles import create_role
from mercato_users.services.roles import grant
from mercato_users.services.roles import list_roles
from mercato_users.services.sessions import Login
from mercato_users.services.sessions import Tokens
from mercato_users.services.sessions import log_in
from mercato_users.services.sessions import log_out
from mercato_users.services.sessions import refresh
from mercato_users.services.staff import list_users
from mercato_users.services.staff import reactivate
from mercato_users.services.staff import suspend

__all__ = [
    "Login",
    "Tokens",
    "create_role",
    "create_verified",
    "find",
    "grant",
    "list_roles",
    "list_users",
    "log_in",
    "log_out",
    "reactivate",
    "refresh",
    "register",
    "request_reset",
    "request_verification",
    "reset",
    "suspend",
    "update",
    "verify_email",
]
