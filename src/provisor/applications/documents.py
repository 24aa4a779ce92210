"""Applications and policies as the JSON documents that the interfaces show: never with a secret in them."""

from typing import Any

from provisor.applications.configuration import FIELDS
from provisor.applications.models import Application, Credential, Policy


def settings_document(application: Application) -> dict[str, Any]:
    """What an administrator has set, besides the credentials."""
    return {name: getattr(application, name) for name in FIELDS}


def application_document(application: Application) -> dict[str, Any]:
    """Everything that may be shown of an application, without `status`. One query, unless credentials are prefetched."""
    stored = {
        credential.slot: credential.created_at.isoformat() for credential in application.credentials.all()
    }
    return {
        "id": str(application.id),
        **settings_document(application),
        "auth": {
            "method": application.auth_method,
            "stored": {slot.value: stored.get(slot.value) for slot in Credential.Slot},
        },
        "paused": application.paused,
        "paused_reason": application.paused_reason,
        "unverified": application.unverified,
        "version": application.version,
        "created_at": application.created_at.isoformat(),
        "updated_at": application.updated_at.isoformat(),
    }


def policy_document(policy: Policy) -> dict[str, Any]:
    """A policy as the management API shows it; references are ids."""
    return {
        "id": str(policy.id),
        "name": policy.name,
        "application": str(policy.application_id),
        "group": str(policy.group_id),
        "login_method": policy.login_method,
        "second_factor": policy.second_factor,
        "push_group": policy.push_group,
        "scope": policy.scope,
        "roles": policy.roles,
        "entitlements": policy.entitlements,
        "version": policy.version,
        "created_at": policy.created_at.isoformat(),
        "updated_at": policy.updated_at.isoformat(),
    }
