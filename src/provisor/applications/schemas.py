"""The attributes that each application lists, as it was last asked: beside its capabilities, and as trustworthy."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from provisor.applications.models import Application, ApplicationSchema
from provisor.scim.announced_schema import AnnouncedSchema, from_document


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSchema:
    """What an application listed, when, and what had it read."""

    schema: AnnouncedSchema
    origin: str
    at: datetime


def known_schema(application: Application) -> KnownSchema | None:
    """What was last read of the application's attributes, None when nothing ever was. One query."""
    row = ApplicationSchema.objects.filter(application_id=application.pk).first()
    return KnownSchema(schema=from_document(row.document), origin=row.origin, at=row.at) if row else None


def record_schema(application: Application, schema: AnnouncedSchema | None, *, origin: str) -> None:
    """Store what was read. None is a reading that failed: it overwrites nothing (R15)."""
    if schema is None:
        return
    row = ApplicationSchema(
        application_id=application.pk, document=schema.as_document(), origin=origin, at=timezone.now()
    )
    ApplicationSchema.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["application"],
        update_fields=["document", "origin", "at"],
    )


def forget_schema(application_id: UUID) -> None:
    """Forget what was read: the application is somewhere else now."""
    ApplicationSchema.objects.filter(application_id=application_id).delete()
