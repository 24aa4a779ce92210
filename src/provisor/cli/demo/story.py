"""The story that the demo tells, from beginning to end."""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.text import Text

from provisor import __version__
from provisor.access.accounts import create_account
from provisor.access.models import Role
from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.cli.awaiting import await_application
from provisor.cli.demo.changes import Day, change_company
from provisor.cli.demo.expected import read_expected
from provisor.cli.demo.proof import Proof, prove
from provisor.cli.demo.snapshot import EMPTY, happened_between, read_snapshot
from provisor.cli.demo.table import Stage, stage_table
from provisor.cli.demo.target import Target
from provisor.cli.requests_sent import last_attempt, sent_since
from provisor.cli.screen import answers, remark, say
from provisor.cli.serving import address_of, listen, serve_until_ended
from provisor.cli.words import count
from provisor.provisioning.homes.home import make_engine
from provisor.provisioning.operations import request_sync
from provisor.sample.company import NAME, build_company
from provisor.sample.founding import CONNECTIONS, Roster, found_company, grant

_APPLICATION: Final = "scim2-server"
_EMAIL: Final = "owner@example.com"
#: So many differences are told; if there are more, the first ones are enough to see what is wrong.
_TOLD: Final = 20


class Story:
    """One run of the demo. `tell` comes first, then `stay` or `end`."""

    def __init__(self, target: Target, directory: Path, *, size: int) -> None:
        self._target, self._directory, self._size = target, directory, size
        self._engine = make_engine()
        self._held = EMPTY
        self._stages: list[Stage] = []

    def tell(self) -> bool:
        """Everything up to the proof; returns whether the server equals the directory."""
        self._introduce()
        roster = self._found()
        application = self._add_application()
        number = grant(roster, application, SYSTEM)
        _done(
            f'application "{application.name}", and {count(number, "policy", "policies")} that grant it to groups'
        )
        self._engine.start()
        self._stage("first day", application, "Provisioning everybody", lambda: None)
        day = self._let_a_day_pass(roster, application)
        self._stage("again", application, "Nothing has changed", lambda: self._ask(application))
        answers().print()
        answers().print(stage_table(self._stages))
        return self._prove(application, day)

    def end(self) -> None:
        """Stop the engine."""
        self._engine.stop()

    def stay(self, port: int) -> None:
        """Serve the console until Ctrl-C."""
        password = secrets.token_urlsafe(12)
        create_account(_EMAIL, password, Role.OWNER, SYSTEM, name="Demo Owner")
        try:
            listener = listen("127.0.0.1", port)
        except Exception:
            self._engine.stop()
            raise
        address = address_of("127.0.0.1", listener)
        serve_until_ended(self._engine, listener, lambda: self._invite(address, password), quiet=True)
        say("The demo has ended.")

    def _introduce(self) -> None:
        say(Text("Provisor ", "bold cyan"), Text(__version__, "bright_black"), Text("  demo", "bold"))
        say(Text(f"  data directory  {self._directory}", "bright_black"))
        say(Text(f"  SCIM server     {self._target.base_url} (scim2-server)", "bright_black"))
        say("")

    def _found(self) -> Roster:
        company = build_company(self._size)
        begun = time.monotonic()
        roster = found_company(company, SYSTEM)
        took = time.monotonic() - begun
        people, groups = count(len(company.people), "person", "people"), count(len(company.teams), "group")
        _done(f"{NAME}: {people} in {groups}, in the directory within {took:.1f} s")
        return roster

    def _add_application(self) -> Application:
        return create_application(
            name=_APPLICATION,
            base_url=self._target.base_url,
            auth={"method": "bearer", "token": self._target.token},
            limits={"concurrency": CONNECTIONS},
            actor=SYSTEM,
        )

    def _let_a_day_pass(self, roster: Roster, application: Application) -> Day:
        days: list[Day] = []
        self._stage(
            "a day later",
            application,
            "A day of changes",
            lambda: days.append(change_company(roster, SYSTEM)),
        )
        for sentence in days[0].sentences:
            say(Text("      · ", "bright_black"), sentence)
        return days[0]

    def _stage(self, name: str, application: Application, what: str, act: Callable[[], None]) -> None:
        """Act, wait until the engine has nothing left to do, and read the server."""
        attempt = last_attempt()
        begun = time.monotonic()
        act()
        self._engine.wake()
        end = await_application(application.id, what=what)
        seconds = time.monotonic() - begun
        held, before = read_snapshot(self._target), self._held
        self._held = held
        sent = sent_since(application.id, attempt)
        self._stages.append(
            Stage(name=name, happened=happened_between(before, held), sent=sent, seconds=seconds)
        )
        if end.remaining:
            remark(f"{count(end.remaining, 'link')} could not be brought in order. {end.reason}", "red")
        _done(f"{what.lower()}: {count(sent.requests, 'request')} in {seconds:.1f} s")

    def _ask(self, application: Application) -> None:
        request_sync(application.id, actor=SYSTEM)

    def _prove(self, application: Application, day: Day) -> bool:
        proof = prove(read_expected(application), day.inactive, self._held)
        answers().print()
        if not proof.differences:
            say(Text("✓ Proof. ", "bold green"), _proven(proof))
            return True
        remark(
            f"✗ The server differs from the directory in {count(len(proof.differences), 'place')}:",
            "bold red",
        )
        for sentence in proof.differences[:_TOLD]:
            remark(f"  {sentence}")
        return False

    def _invite(self, address: str, password: str) -> None:
        say("")
        say(Text("The console is at ", "bold"), Text(address, "bold cyan underline"))
        say(f"  sign in as      {_EMAIL}")
        say(f"  with password   {password}")
        say(
            Text("  Change somebody there and watch the server follow. Ctrl-C ends the demo.", "bright_black")
        )


def _done(sentence: str) -> None:
    say(Text("  ✓ ", "green"), sentence)


def _proven(proof: Proof) -> str:
    return (
        f"Read back by plain HTTP, the server equals the directory: {count(proof.users, 'account')} with "
        f"{count(proof.attributes, 'attribute')}, {count(proof.groups, 'group')} with "
        f"{count(proof.memberships, 'membership')}."
    )
