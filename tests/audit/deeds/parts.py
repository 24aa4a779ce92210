"""Functions of services that write and are no act of anybody, by the reason why not."""

#: The act that they are part of records it, in the same transaction; each stands in the table of acts.
OF_AN_ACT = frozenset({
    "access.accounts.in_turn", "access.factors.acting_as", "access.lockout.forget", "applications.changes.record_application",
    "applications.changes.record_policy", "applications.changes.save_counted",
    "applications.connections.forget_client_certificate", "applications.connections.write_networks",
    "applications.credentials.write_credential", "applications.schemas.forget_schema", "directory.changes.change",
    "directory.closure.enter", "directory.closure.leave", "directory.csv_apply.LineImport.one_by_one",
    "directory.journal.record", "directory.journal.record_many", "directory.statements.insert",
    "directory.statements.update", "provisioning.brake.decisions.pass_brake",
    "access.ending.end_all", "provisioning.drift.adoption.link_to", "provisioning.drift.adoption.link_without_policy",
    "provisioning.drift.corrections.correct_members", "vault.registry.KeyedColumn.write",
    "vault.registry.TextColumn.write", "vault.sealing.seal", "vault.sealing.seal_text",
    "access.factors.FactorAdapter.encrypt", "provisioning.preview.testing_often.begin_test",
})  # fmt: skip
#: The audit record itself.
RECORD = frozenset({
    "audit.chain.advance", "audit.chain.head", "audit.chain.lock", "audit.record.record", "audit.record.record_many",
    "audit.anchoring.note", "audit.anchoring.take_due",
})  # fmt: skip
#: They only decide, and are told who asks.
DECIDE = frozenset({"applications.loosening.refuse_loosening", "provisioning.brake.two_persons.rulings"})
#: They count tries and uses; what becomes of a try is recorded (`Adapter.login`, `note_refused`).
COUNT = frozenset({
    "access.factor_forms._CodeForm.clean_code", "access.links.use", "access.lockout.begin", "access.lockout.forget_old",
    "access.lockout.succeeded", "access.sign_in.Adapter.authenticate", "access.sign_in.Adapter.pre_authenticate",
    "access.tokens.authenticate",
})  # fmt: skip
#: django-allauth calls them, and they call an act of the table or count.
OF_THE_LIBRARY = frozenset({
    "access.mailbox_forms.RequestLoginCodeForm.clean_email", "access.mailbox_forms.ResetPasswordForm.clean_email",
    "access.oidc_adapter.Adapter.get_signing_key", "access.oidc_adapter.Adapter.list_private_keys",
    "access.provider_sign_in.ProviderAdapter.pre_social_login", "access.sign_in.Adapter.authentication_failed",
})  # fmt: skip
#: Tokens of single sign-on end by themselves with what they rest on, which has an entry of its own.
END_THEMSELVES = frozenset({"access.single_sign_on.live_token", "applications.single_sign_on.end_tokens"})
#: What the engine sees and does by itself is in attempts, runs, findings and notices.
ENGINE = frozenset({
    "applications.capabilities.record_probe", "applications.schemas.record_schema", "notices.audited.note_anchoring",
    "notices.audited.note_verification", "notices.delivery.note", "notices.delivery.take_due", "notices.outbox.add",
    "notices.outbox.begin", "notices.outbox.end", "notices.outbox.tell", "provisioning.brake.holds_renewed.renew_holds",
    "provisioning.drift.finding_store.settle_links", "provisioning.drift.finding_store.settle_unknown",
    "provisioning.drift.finding_store.settle_unlinked", "provisioning.drift.finding_store.settle_unseen",
    "provisioning.drift.finding_store.store", "provisioning.drift.removing.settle",
    "provisioning.drift.scan_match.Matcher.settle", "provisioning.drift.scan_members.Members.found",
    "provisioning.drift.scan_missing.note_missing", "provisioning.drift.scan_page.look_at",
    "provisioning.drift.scans.ask_every_minute", "provisioning.drift.scans.ask_scheduled",
    "provisioning.drift.scans.end_scan", "provisioning.drift.scans.keep", "provisioning.drift.scans.take_scan",
    "provisioning.health.alarms.look", "provisioning.health.alarms.watch_health",
    "provisioning.health.alarms.watch_holds", "provisioning.health.health_record.cannot_begin",
    "provisioning.health.health_record.health_of", "provisioning.health.health_record.note_rotation",
    "provisioning.health.health_record.settle_health", "provisioning.health.health_record.unwell",
    "provisioning.health.health_record.well", "provisioning.health.leavers.watch_leavers",
    "provisioning.health.restored.notice_restore",
})  # fmt: skip
#: The letter of an act, or of the try that it answers.
LETTERS = frozenset({
    "access.letters.Outbox.send_messages", "access.letters.note", "access.letters.take_due", "access.letters.to_nobody",
})  # fmt: skip
#: They belong to the process of the test target, and not to ours.
TARGET = frozenset({"sample.server.KeptStorage.save_changes"})

NO_ACTS = OF_AN_ACT | RECORD | DECIDE | COUNT | OF_THE_LIBRARY | END_THEMSELVES | ENGINE | LETTERS | TARGET
#: Faces keep nothing but their own answers and the progress of long work; what that work does is done by services.
OF_FACES = frozenset({
    "api.management.idempotency._claim", "api.management.idempotency._done",
    "console.application_settings.connections._saved", "console.long_work.reading._settled",
    "console.long_work.running.Progress._write", "console.long_work.running.start",
    "console.long_work.running._forget_old", "console.long_work.running._finish", "console.settings.notifications._test",
})  # fmt: skip
