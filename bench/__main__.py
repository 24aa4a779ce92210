"""`python -m bench throughput --objects 5000 --json`; `lab` for the speed of the lab target; `console` for its pages; `bulk`; `isolation`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.servers import lab

from bench import bulk, isolation, throughput
from bench.console.installation import installation
from bench.console.size import Size
from bench.lab_speed import requests_per_second


def _throughput(arguments: argparse.Namespace) -> dict[str, Any]:
    return throughput.run(arguments.objects, arguments.concurrency, arguments.latency, arguments.rounds)


def _bulk(arguments: argparse.Namespace) -> dict[str, Any]:
    return bulk.run(arguments.objects, arguments.concurrency, arguments.latency, arguments.rounds)


def _lab(arguments: argparse.Namespace) -> dict[str, Any]:
    speeds = []
    with lab() as server:
        for _ in range(arguments.rounds):
            server.reset()
            speeds.append(
                requests_per_second(server.base_url, server.token, arguments.objects, arguments.concurrency)
            )
    return {"posts_per_second": round(max(speeds)), "rounds": [round(speed) for speed in speeds]}


def _isolation(arguments: argparse.Namespace) -> dict[str, Any]:
    return isolation.run(arguments.healthy, arguments.changes, arguments.rate, arguments.pairs)


def _console(arguments: argparse.Namespace) -> dict[str, Any]:
    """Status 1 where a page could not be measured: a new page needs a sample."""
    size = Size(
        users=arguments.users,
        groups=arguments.groups,
        applications=arguments.applications,
        links_per_user=arguments.links_per_user,
    )
    with installation(size, arguments.keep):
        from bench.console.measure import measure

        return measure(arguments.only, times=arguments.times, why=arguments.why)


def _show(report: dict[str, Any], indent: str = "") -> None:
    for name, value in report.items():
        if isinstance(value, dict):
            print(f"{indent}{name}")
            _show(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            print(f"{indent}{name}")
            for row in value:
                print(f"{indent}  " + "  ".join(_cell(cell) for cell in row.values()))
        else:
            print(f"{indent}{name:<22}{value}")


def _cell(value: Any) -> str:
    return f"{value:>9}" if isinstance(value, int | float) else str(value or "")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(required=True)
    measures = (("throughput", _throughput, 5000, 1), ("lab", _lab, 20000, 3), ("bulk", _bulk, 10000, 1))
    for name, act, objects, rounds in measures:
        command = commands.add_parser(name)
        command.add_argument("--objects", type=int, default=objects, help="users to create")
        command.add_argument("--concurrency", type=int, default=32, help="connections")
        command.add_argument(
            "--latency", type=float, default=0.0, metavar="MS", help="of each answer (throughput, bulk)"
        )
        command.add_argument("--rounds", type=int, default=rounds, help="how often to measure")
        command.add_argument("--json", action="store_true", help="print JSON")
        command.set_defaults(act=act)
    _console_options(commands.add_parser("console"))
    _isolation_options(commands.add_parser("isolation"))
    arguments = parser.parse_args()
    report = arguments.act(arguments)
    if arguments.json:
        print(json.dumps(report))
    else:
        _show(report)
    if report.get("unmeasured"):
        sys.exit(1)


def _isolation_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--healthy", type=int, default=97, help="applications beside the bad three")
    command.add_argument("--changes", type=int, default=300, help="in each half of a pair")
    command.add_argument("--rate", type=float, default=10.0, metavar="PER_SECOND", help="of the changes")
    command.add_argument("--pairs", type=int, default=5, help="of which the median counts")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(act=_isolation)


def _console_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--users", type=int, default=100_000, help="people in the directory")
    command.add_argument("--groups", type=int, default=2_000, help="groups of three layers, and across them")
    command.add_argument("--applications", type=int, default=20, help="at least 5")
    command.add_argument(
        "--links-per-user", type=int, default=2, help="applications that each person comes into"
    )
    command.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep the data there, and take it from there next time"
    )
    command.add_argument(
        "--only", default="", metavar="TEXT", help="pages whose name or address contains this"
    )
    command.add_argument("--times", type=int, default=5, help="how often to ask; the median counts")
    command.add_argument("--why", action="store_true", help="add the slowest queries of pages over budget")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(act=_console)


main()
