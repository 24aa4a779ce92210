"""`python -m bench throughput --objects 5000 --json`, and `python -m bench lab` for the speed of the lab target."""

import argparse
import json
from typing import Any

from tests.servers import lab

from bench import throughput
from bench.lab_speed import requests_per_second


def _throughput(arguments: argparse.Namespace) -> dict[str, Any]:
    return throughput.run(arguments.objects, arguments.concurrency, arguments.latency, arguments.rounds)


def _lab(arguments: argparse.Namespace) -> dict[str, Any]:
    speeds = []
    with lab() as server:
        for _ in range(arguments.rounds):
            server.reset()
            speeds.append(
                requests_per_second(server.base_url, server.token, arguments.objects, arguments.concurrency)
            )
    return {"posts_per_second": round(max(speeds)), "rounds": [round(speed) for speed in speeds]}


def _show(report: dict[str, Any], indent: str = "") -> None:
    for name, value in report.items():
        if isinstance(value, dict):
            print(f"{indent}{name}")
            _show(value, indent + "  ")
        else:
            print(f"{indent}{name:<22}{value}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, act, objects, rounds in (("throughput", _throughput, 5000, 1), ("lab", _lab, 20000, 3)):
        command = commands.add_parser(name)
        command.add_argument("--objects", type=int, default=objects, help="users to create")
        command.add_argument("--concurrency", type=int, default=32, help="connections")
        command.add_argument(
            "--latency", type=float, default=0.0, metavar="MS", help="of each answer (throughput)"
        )
        command.add_argument("--rounds", type=int, default=rounds, help="how often to measure")
        command.add_argument("--json", action="store_true", help="print JSON")
        command.set_defaults(act=act)
    arguments = parser.parse_args()
    report = arguments.act(arguments)
    if arguments.json:
        print(json.dumps(report))
    else:
        _show(report)


main()
