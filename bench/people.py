"""The people that benchmarks create: as many as asked for, always the same."""

from typing import Any

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_GIVEN = ("Ada", "Bjørn", "Chloé", "Dmitri", "Emeka", "Fatima", "Grace", "Hiro", "Inês", "José")
_FAMILY = (
    "Lovelace",
    "Jensen",
    "Dubois",
    "Ivanov",
    "Okafor",
    "Rahman",
    "Hopper",
    "Tanaka",
    "Silva",
    "García",
)


def user_body(number: int) -> dict[str, Any]:
    """The SCIM resource of person `number`, as large as an ordinary employee's."""
    given, family = _GIVEN[number % 10], _FAMILY[number // 10 % 10]
    name = f"person{number:06d}@example.com"
    return {
        "schemas": [USER, ENTERPRISE],
        "userName": name,
        "externalId": f"E{number:06d}",
        "name": {"givenName": given, "familyName": family},
        "displayName": f"{given} {family} {number}",
        "emails": [{"value": name, "type": "work", "primary": True}],
        "active": True,
        "title": "Engineer",
        ENTERPRISE: {"employeeNumber": str(number), "department": f"Department {number % 20}"},
    }
