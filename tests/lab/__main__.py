"""`python -m tests.lab`: the lab target as a process; prints its base address and runs until SIGTERM or SIGINT."""

import argparse
import asyncio
import gc
import json
import signal

import uvloop

from tests.lab.options import LabOptions, read_options
from tests.lab.serving import running


async def _serve(options: LabOptions, port: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with running(options, port=port) as target:
        print(target.base_url, flush=True)  # noqa: T201 - the first line is how a starter learns the address
        await ended.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free port")
    parser.add_argument("--token", help="the bearer token; tok without it")
    parser.add_argument("--options", type=json.loads, default={}, help="a JSON object of LabOptions")
    arguments = parser.parse_args()
    options = read_options(arguments.options | ({"token": arguments.token} if arguments.token else {}))
    # Stored resources are no garbage: a collector that walks them all would cost more the more there are.
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    uvloop.run(_serve(options, arguments.port))


main()
