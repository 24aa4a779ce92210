"""Addresses: the audit record and the journal."""

from django.urls import path

from provisor.console.records import acts, changes, checking

urlpatterns = [
    path("audit", acts.audit, name="audit"),
    path("audit/verify", checking.verify_audit, name="audit-verify"),
    path("audit/<int:entry_id>", acts.audit_entry, name="audit-entry"),
    path("audit/journal", changes.journal, name="journal"),
    path("audit/journal/<int:entry_id>", changes.journal_entry, name="journal-entry"),
]
