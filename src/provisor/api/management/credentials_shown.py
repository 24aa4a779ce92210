"""What may be seen of an application's credentials: the method, what is no secret, and that secrets are set (R17)."""

from collections.abc import Mapping
from typing import Any

from provisor.applications.credentials import OpenCredential, open_credential
from provisor.applications.models import Application
from provisor.scim.authentication import METHODS
from provisor.vault.keys import VaultError


def shown_auth(application: Application) -> dict[str, Any]:
    """`{method, set, ...}` with the fields of the method that are not secret."""
    stored = _opened(application)
    method = METHODS.get(application.auth_method)
    open_names = [field.name for field in method.fields if not field.secret] if method and stored else []
    values = {name: stored.values[name] for name in open_names if stored and stored.values.get(name)}
    return {"method": application.auth_method, **values, "set": bool(application.credentials.all())}


def _opened(application: Application) -> OpenCredential | None:
    """The credential, if there is one that opens; one that does not is somebody else's alarm."""
    try:
        return open_credential(application.id)
    except VaultError:
        return None


def given_auth(auth: Any, shown: Mapping[str, Any] | None = None) -> Any:
    """`auth` of a request without what is only ever shown; None when it says just what is there already."""
    if not isinstance(auth, dict):
        return auth
    known = {name: value for name, value in (shown or {}).items() if name != "set"}
    given = {name: value for name, value in auth.items() if name not in {"set", "stored"}}
    return None if shown is not None and given == known else given
