"""Take the funding addresses out of package-lock.json: a lock names packages, versions and hashes, and no hosts."""

import json
import sys
from pathlib import Path


def main(locks: list[str]) -> None:
    for path in map(Path, locks):
        lock = json.loads(path.read_text())
        for package in lock["packages"].values():
            package.pop("funding", None)
        path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")


main(sys.argv[1:])
