"""The entry point: `provisor COMMAND ...`. Commands import Django late, so that `--help` is quick."""

from typing import Any

import typer
from typer.core import TyperGroup

from provisor.cli.commands import (
    accounts,
    applications,
    audit,
    groups,
    holds,
    imports,
    keys,
    notices,
    policies,
    sign_in,
    users,
)
from provisor.cli.commands.access import access
from provisor.cli.commands.doctor import doctor
from provisor.cli.commands.drift import adopt, drift, reassert, scan
from provisor.cli.commands.explain import explain
from provisor.cli.commands.plan import plan
from provisor.cli.commands.restored import restored
from provisor.cli.commands.serve import serve, worker
from provisor.cli.commands.status import status
from provisor.cli.commands.sync import sync
from provisor.cli.demo.command import demo
from provisor.cli.refusals import BAD_ANSWER, as_refusal
from provisor.cli.screen import remark


class Commands(TyperGroup):
    """The top of the command line: every refusal leaves it as a sentence on standard error and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if _is_typers_own(error):
                raise
            refusal = as_refusal(error)
            remark(refusal.sentence if refusal else _fault(error), "red")
            raise typer.Exit(refusal.code if refusal else BAD_ANSWER) from None


def _is_typers_own(error: Exception) -> bool:
    """Wrong options and missing arguments are shown by typer itself, with the usage."""
    return type(error).__module__.startswith("typer")


def _fault(error: Exception) -> str:
    import structlog

    structlog.get_logger(__name__).error("command.failed", exc_info=error)
    return (
        f"Provisor itself failed ({type(error).__name__}): this is a fault in it, and not in what you typed. "
        "What was written before stays whole. Please report the log line above."
    )


app = typer.Typer(
    name="provisor",
    help="An identity directory that keeps every SCIM 2.0 application in step with it.",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 fine · 1 the answer is bad · 2 wrong usage, and nothing was done.",
)
for command in (
    serve,
    worker,
    demo,
    status,
    plan,
    sync,
    scan,
    drift,
    adopt,
    reassert,
    explain,
    access,
    doctor,
    restored,
):
    app.command()(command)
for name, group in (
    ("import", imports.app),
    ("application", applications.app),
    ("policy", policies.app),
    ("sign-in", sign_in.app),
    ("user", users.app),
    ("group", groups.app),
    ("hold", holds.app),
    ("admin", accounts.admin),
    ("token", accounts.token),
    ("audit", audit.app),
    ("keys", keys.app),
    ("notice", notices.app),
):
    app.add_typer(group, name=name)


def run() -> None:
    """Run the command that the arguments name."""
    app()
