"""Services of users. They take plain values, return models and never commit."""

from mercato_users.services.acceptances import accept_invitation, prepare_acceptance
from mercato_users.services.accounts import (
    Registration,
    create_verified_user,
    prepare_registration,
    register,
    request_verification,
    verify_email,
)
from mercato_users.services.address_book import (
    create_address,
    delete_address,
    find_address,
    list_addresses,
    update_address,
)
from mercato_users.services.api_keys import (
    MadeKey,
    create_api_key,
    find_api_key,
    list_api_keys,
    revoke_api_key,
    roll_api_key,
    update_api_key,
)
from mercato_users.services.audit import list_events, list_own_events
from mercato_users.services.closing import (
    Erasure,
    cancel_erasure,
    close_account,
    close_own_account,
)
from mercato_users.services.email_changes import confirm_email, request_email, undo_email
from mercato_users.services.erasure import delete_invitations, delete_unverified, erase_user
from mercato_users.services.exports import find_export, read_export, request_export
from mercato_users.services.factor_changes import (
    begin_enrollment,
    finish_enrollment,
    lock as lock_factors,
    record_change as record_factor_change,
    reset as reset_second_factor,
)
from mercato_users.services.factor_proofs import begin_step_up, step_up_with_factor
from mercato_users.services.imports import (
    ImportRow,
    Reached,
    begin_import,
    import_rows,
    refused_rows,
)
from mercato_users.services.invitations import (
    LIFETIME as INVITATION_LIFETIME,
    find_invitation,
    invite,
    letter as invitation_letter,
    list_invitations,
    resend_invitation,
    revoke_invitation,
)
from mercato_users.services.key_callers import identify as identify_key
from mercato_users.services.key_rotation import rotate_keys
from mercato_users.services.known_devices import LIFETIME as DEVICE_LIFETIME
from mercato_users.services.login_attempts import Attempt, verify_login
from mercato_users.services.login_limits import record_full as record_throttled_logins
from mercato_users.services.login_links import request_login_link
from mercato_users.services.open_sessions import (
    end_others as end_other_sessions,
    end_session,
    list_sessions,
    log_out,
    log_out_by_token,
)
from mercato_users.services.passwords import (
    NewPassword,
    change_password,
    prepare_password,
    request_password_reset,
    reset_password,
)
from mercato_users.services.profile import find_user, update_profile
from mercato_users.services.proofs import Proof, step_up, verify as verify_caller
from mercato_users.services.refreshes import AccessToken, Tokens, refresh_tokens
from mercato_users.services.role_changes import grant_role, revoke_role
from mercato_users.services.roles import (
    create_role,
    delete_role,
    find_role,
    find_role_by_name,
    list_permissions,
    list_roles,
    update_role,
)
from mercato_users.services.second_factors import (
    STAFF,
    Challenged,
    requires_for as requires_factor,
)
from mercato_users.services.second_logins import complete_login
from mercato_users.services.service_accounts import create_service
from mercato_users.services.sessions import Login, log_in
from mercato_users.services.staff import (
    list_users,
    reactivate_user,
    revoke_sessions,
    suspend_user,
    update_user,
)

__all__ = [
    "DEVICE_LIFETIME",
    "INVITATION_LIFETIME",
    "STAFF",
    "AccessToken",
    "Attempt",
    "Challenged",
    "Erasure",
    "ImportRow",
    "Login",
    "MadeKey",
    "NewPassword",
    "Proof",
    "Reached",
    "Registration",
    "Tokens",
    "accept_invitation",
    "begin_enrollment",
    "begin_import",
    "begin_step_up",
    "cancel_erasure",
    "change_password",
    "close_account",
    "close_own_account",
    "complete_login",
    "confirm_email",
    "create_address",
    "create_api_key",
    "create_role",
    "create_service",
    "create_verified_user",
    "delete_address",
    "delete_invitations",
    "delete_role",
    "delete_unverified",
    "end_other_sessions",
    "end_session",
    "erase_user",
    "find_address",
    "find_api_key",
    "find_export",
    "find_invitation",
    "find_role",
    "find_role_by_name",
    "find_user",
    "finish_enrollment",
    "grant_role",
    "identify_key",
    "import_rows",
    "invitation_letter",
    "invite",
    "list_addresses",
    "list_api_keys",
    "list_events",
    "list_invitations",
    "list_own_events",
    "list_permissions",
    "list_roles",
    "list_sessions",
    "list_users",
    "lock_factors",
    "log_in",
    "log_out",
    "log_out_by_token",
    "prepare_acceptance",
    "prepare_password",
    "prepare_registration",
    "reactivate_user",
    "read_export",
    "record_factor_change",
    "record_throttled_logins",
    "refresh_tokens",
    "refused_rows",
    "register",
    "request_email",
    "request_export",
    "request_login_link",
    "request_password_reset",
    "request_verification",
    "requires_factor",
    "resend_invitation",
    "reset_password",
    "reset_second_factor",
    "revoke_api_key",
    "revoke_invitation",
    "revoke_role",
    "revoke_sessions",
    "roll_api_key",
    "rotate_keys",
    "step_up",
    "step_up_with_factor",
    "suspend_user",
    "undo_email",
    "update_address",
    "update_api_key",
    "update_profile",
    "update_role",
    "update_user",
    "verify_caller",
    "verify_email",
    "verify_login",
]
