"""The pages of the documentation, taken apart: prose, fenced blocks, and what is said about a block.

A block of `sh` is run by docs.py, a block of `sql` too (by psql, as the owner of the database). What stands between a
block and the text above it changes that:

    <!-- not run: a reason -->      the block is not run
    <!-- run instead: a reason      other commands are run in its place, for what needs a person or another machine
    commands
    -->

A block of `output` is what the block above it printed; `…` stands for anything.
"""

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Blocks of other languages are things to read.
LANGUAGES = {"sh", "sql", "output", "text", "json", "yaml", "csv", "nginx", "ini", "http", "swift", "html"}
FENCE = re.compile(r"```(\w*)$")
MARK = re.compile(r"<!-- (not run|run instead): (.+?)(?: -->|\n(.*?)-->)\n+$", re.DOTALL)


@dataclasses.dataclass
class Block:
    page: str
    line: int
    language: str
    text: str
    # `not run` or `run instead`, its reason, and what to run.
    mark: str | None = None
    reason: str | None = None
    instead: str | None = None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_command(self) -> bool:
        return self.language in ("sh", "sql")

    @property
    def script(self) -> str | None:
        """What bash runs; nil: nothing."""
        if self.mark == "run instead":
            return self.instead
        if self.mark == "not run" or not self.is_command:
            return None
        if self.language == "sql":
            return f'psql -X -q -v ON_ERROR_STOP=1 "$LYCEUM_OWNER_DATABASE_URL" <<\'END_OF_SQL\'\n{self.text}END_OF_SQL\n'
        return self.text


class Page:
    def __init__(self, path: pathlib.Path):
        self.name = str(path.relative_to(ROOT))
        self.text = path.read_text()
        self.blocks: list[Block] = []
        # Lines outside of blocks, by number.
        self.prose: list[tuple[int, str]] = []
        self.read()

    def read(self):
        block: Block | None = None
        above: list[str] = []
        for number, line in enumerate(self.text.splitlines(), 1):
            fence = line.startswith("```")
            if block is None and fence:
                found = FENCE.match(line)
                block = Block(self.name, number, found[1] if found else line[3:], "")
                mark = MARK.search("\n".join(above) + "\n")
                if mark:
                    block.mark, block.reason, block.instead = mark[1], mark[2].strip().rstrip(":"), mark[3]
                above = []
            elif block is not None and fence:
                self.blocks.append(block)
                block = None
            elif block is not None:
                block.text += line + "\n"
            else:
                self.prose.append((number, line))
                above.append(line)
        if block is not None:
            self.blocks.append(block)
            raise SystemExit(f"error: {block.place}: the block does not end")

    def code(self) -> list[tuple[int, str]]:
        """Inline code, with its line."""
        spans = []
        for number, line in self.prose:
            spans += [(number, span) for span in re.findall(r"`([^`]+)`", line)]
        return spans


def pages(names: list[str] | None = None) -> list[Page]:
    """README in each language, and docs/*.md; or those that are named."""
    paths = [ROOT / name for name in names] if names else sorted(ROOT.glob("README*.md")) + sorted(ROOT.glob("docs/*.md"))
    return [Page(path) for path in paths]
