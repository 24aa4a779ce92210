"""Django settings, all from the environment (`PROVISOR_*`).

Importing this needs no data directory: `provisor.site.start` makes it, and the keys in it, before a process
that keeps anything begins. Raises `SettingsError` for a value that cannot be used.
"""

import os

from provisor.site.addresses import (
    read_allowed_hosts,
    read_email,
    read_email_from,
    read_private_targets,
    read_public_url,
)
from provisor.site.anchors import read_anchors, read_minutes
from provisor.site.database_url import read_database
from provisor.site.environment import read, read_secret
from provisor.site.keys import data_directory, encryption_keys, secret_key, spellings
from provisor.site.logs import configure_structlog, logging_settings

DATA_DIR = data_directory(os.environ)
SECRET_KEY = secret_key(os.environ, DATA_DIR)
#: Where `provisor.vault` finds the key-encryption keys.
ENCRYPTION_KEYS = encryption_keys(os.environ, DATA_DIR)
#: Networks where targets may live although they are private, and where `http://` is accepted.
PRIVATE_TARGETS = read_private_targets(read(os.environ, "PROVISOR_PRIVATE_TARGETS"))
_PUBLIC = read_public_url(read(os.environ, "PROVISOR_PUBLIC_URL"))
#: The origin in links that leave by e-mail; empty when the administrator has set none.
PUBLIC_URL = _PUBLIC.origin

#: Where the end of the audit record is noted, and every so many minutes.
AUDIT_ANCHORS = read_anchors(read_secret(os.environ, "PROVISOR_AUDIT_ANCHORS"))
AUDIT_ANCHOR_MINUTES = read_minutes(
    "PROVISOR_AUDIT_ANCHOR_MINUTES", read(os.environ, "PROVISOR_AUDIT_ANCHOR_MINUTES")
)

DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
#: Every string of the pages is marked for translation; English is the one language so far.
USE_I18N = True
ROOT_URLCONF = "provisor.site.urls"
ASGI_APPLICATION = "provisor.site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ALLOWED_HOSTS = read_allowed_hosts(read(os.environ, "PROVISOR_ALLOWED_HOSTS"), _PUBLIC)
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
#: A mapping of several hundred rules is one form, with ten fields for each.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

INSTALLED_APPS = [
    # Before allauth, so that our templates are found first.
    "provisor.console",
    "provisor.access",
    "provisor.audit",
    "provisor.directory",
    "provisor.applications",
    "provisor.notices",
    "provisor.provisioning",
    "provisor.api",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.idp.oidc",
]
MIDDLEWARE = [
    "provisor.site.headers.SecurityHeaders",
    "provisor.site.static_files.StaticFiles",
    "provisor.site.hosts.HostCheck",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "provisor.access.sessions.SessionEnds",
    "provisor.access.narrowing.Narrowing",
    "provisor.site.sign_in.SignInRequired",
    "provisor.site.second_factor.SecondFactorDue",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "provisor.console.shell.context.shell",
            ]
        },
    }
]
FORM_RENDERER = "provisor.console.forms.FormRenderer"

_DATABASE = read_database(read_secret(os.environ, "PROVISOR_DATABASE_URL"), DATA_DIR)
if _DATABASE["ENGINE"] == "django.db.backends.postgresql":
    # The workers' jobs: their tables exist on PostgreSQL only.
    INSTALLED_APPS.append("procrastinate.contrib.django")
    PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
    PROCRASTINATE_IMPORT_PATHS = ["provisor.provisioning.homes.jobs"]
# No ATOMIC_REQUESTS: on SQLite each transaction takes the write lock, and most pages only read.
DATABASES = {"default": _DATABASE}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "site_cache",
        # It holds the rate limits of sign-in: nobody may push them out by filling it.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

#: What fills the port by which `access/` asks which policy applies.
ACCESS_POLICIES = "provisor.site.policies.Policies"
#: The same for which applications sign people in by OpenID Connect, and what is claimed there.
ACCESS_RELYING_PARTIES = "provisor.site.policies.RelyingParties"
#: What a session has proved opens applications for so long, in seconds; then it is proved again.
PROOF_AGE = 8 * 60 * 60

AUTH_USER_MODEL = "access.Account"
AUTHENTICATION_BACKENDS = ["provisor.access.sign_in.SignIn"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "provisor.access.sign_in.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "provisor.access.ending.ResetTokens"  # noqa: S105 - the name of a class
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Provisor] "
ACCOUNT_SESSION_REMEMBER = False
#: Seconds for which a proof of who one is counts for dangerous acts.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
ACCOUNT_RATE_LIMITS = {
    # Each account is counted by `provisor.access.lockout`.
    "login_failed": "20/m/ip",
    "request_login_code": "20/m/ip,3/m/key,12/h/key",
    "magic_link": "20/m/ip,3/m/key,12/h/key",
}
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _PUBLIC.secure else "http"

SOCIALACCOUNT_ADAPTER = "provisor.access.provider_sign_in.ProviderAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
#: Where the code comes from is a form of ours, which checks CSRF.
SOCIALACCOUNT_LOGIN_ON_GET = False
ACCOUNT_FORMS = {
    "change_password": "provisor.access.password_forms.ChangePasswordForm",
    "request_login_code": "provisor.access.mailbox_forms.RequestLoginCodeForm",
    "reset_password": "provisor.access.mailbox_forms.ResetPasswordForm",
}
MFA_ADAPTER = "provisor.access.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_FORMS = {
    "activate_totp": "provisor.access.factor_forms.ActivateAppForm",
    "authenticate": "provisor.access.factor_forms.AuthenticateForm",
    "reauthenticate": "provisor.access.factor_forms.ReauthenticateForm",
    "authenticate_webauthn": "provisor.access.factor_forms.AuthenticatePasskeyForm",
    "login_webauthn": "provisor.access.factor_forms.LoginPasskeyForm",
    "reauthenticate_webauthn": "provisor.access.factor_forms.ReauthenticatePasskeyForm",
    "add_webauthn": "provisor.access.factor_forms.AddPasskeyForm",
    "edit_webauthn": "provisor.access.factor_forms.RenamePasskeyForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
#: A passkey counts as two factors, so PIN or biometric is asked for each time.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Provisor"
#: A clock may be one step of half a minute off; `factor_forms` sees to it that no code counts twice.
MFA_TOTP_TOLERANCE = 1
IDP_OIDC_ADAPTER = "provisor.access.oidc_adapter.Adapter"
#: Every application has a secret: there are no public clients.
IDP_OIDC_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 10 * 60
#: After a sign-in an application may renew its tokens for so long, in seconds; then it sends the person here again.
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = PROOF_AGE

SESSION_ENGINE = "provisor.access.session_store"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
#: Idle time after which a session ends, in seconds.
SESSION_COOKIE_AGE = 60 * 60
#: A session ends so many seconds after sign-in, whatever happens in it.
SESSION_ABSOLUTE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _PUBLIC.secure
SESSION_COOKIE_NAME = "__Host-provisor-session" if _PUBLIC.secure else "provisor-session"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _PUBLIC.secure
CSRF_COOKIE_NAME = "__Host-provisor-csrf" if _PUBLIC.secure else "provisor-csrf"
CSRF_TRUSTED_ORIGINS = [_PUBLIC.origin] if _PUBLIC.origin else []
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
#: One year, and only where the public address is https.
HSTS_SECONDS = 365 * 24 * 60 * 60 if _PUBLIC.secure else 0

STATIC_URL = "/static/"
# Static files are served from the packages: nothing to collect.
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 3600

_EMAIL = read_email(read_secret(os.environ, "PROVISOR_EMAIL_URL"))
globals().update(_EMAIL)
#: Whether e-mail can leave; without it nobody is offered a link by e-mail.
EMAIL_IS_SET = "EMAIL_HOST" in _EMAIL
ACCOUNT_LOGIN_BY_CODE_ENABLED = EMAIL_IS_SET
#: Whose password or factors change hears of it.
ACCOUNT_EMAIL_NOTIFICATIONS = EMAIL_IS_SET
DEFAULT_FROM_EMAIL = read_email_from(read(os.environ, "PROVISOR_EMAIL_FROM"), _PUBLIC)

LOGGING = logging_settings(
    secrets=[
        SECRET_KEY,
        *(text for key in ENCRYPTION_KEYS.read() for text in spellings(key)),
        str(_DATABASE.get("PASSWORD", "")),
        str(_EMAIL.get("EMAIL_HOST_PASSWORD", "")),
    ]
)
configure_structlog()
