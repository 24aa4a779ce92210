"""What answers GET and is not measured."""

from collections.abc import Mapping

#: Patterns that answer GET and are no pages, with why they are not measured.
NOT_PAGES: Mapping[str, str] = {
    "live": "a stream that does not end",
    "export-groups": "a file that is sent while it is read",
    **dict.fromkeys(
        (
            "mfa_index",
            "mfa_list_webauthn",
            "mfa_add_webauthn",
            "mfa_remove_webauthn",
            "mfa_edit_webauthn",
            "mfa_activate_totp",
            "mfa_deactivate_totp",
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
            "mfa_authenticate",
            "mfa_login_webauthn",
            "mfa_reauthenticate",
            "mfa_reauthenticate_webauthn",
            "socialaccount_login_cancelled",
            "openid_connect_callback",
            "open-application",
            "sign-in-anew",
            "onward",
        ),
        "a step of a sign-in: it is about one account, however large the directory is",
    ),
}
