"""Checks that a target in Sources/ imports only the targets that Package.swift allows it; used by script/test.

    swift package dump-package | imports.py

The compiler accepts any module that is already built, so it does not reliably reject a forbidden import.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
IMPORT = re.compile(r"^(?:@\w+ )*(?:\w+ )?import (?:\w+ )?(\w+)", re.MULTILINE)


def main():
    targets = json.load(sys.stdin)["targets"]
    names = {target["name"] for target in targets}
    forbidden = []
    for target in targets:
        sources = ROOT / "Sources" / target["name"]
        # Each dependency is an object with one member: its kind, and a list that begins with its name.
        given = {target["name"]} | {next(iter(one.values()))[0] for one in target["dependencies"]}
        for file in sorted(sources.rglob("*.swift")):
            for name in IMPORT.findall(file.read_text()):
                if name in names - given:
                    forbidden.append(f"{file.relative_to(ROOT)} imports {name}, which {target['name']} may not see")
    if forbidden:
        raise SystemExit("error: " + "\n       ".join(forbidden))


if __name__ == "__main__":
    main()
