"""What can be checked without a server: links, and names of commands, routes, settings, functions and files."""

import json
import os
import re
import subprocess
import unicodedata

from pages import LANGUAGES, ROOT, Page, pages

README_LINES = 200
# Words that docs/glossary.md replaces by others.
WORDS = {"pupil": "student", "pupils": "students"}
# The domain's rules, by group.
RULES = {"A": 6, "M": 14, "Y": 2, "L": 5, "T": 4, "H": 2, "P": 2, "D": 4, "C": 4, "K": 3}
# On the admin address, which has no routes of the API.
OTHER_PATHS = {"/metrics"}
# Variables of scripts and of docker-compose.yml, not of the program.
OTHER_VARIABLES = {
    "LYCEUM_CONFIG", "LYCEUM_PORT", "LYCEUM_TEST_DATABASE_URL", "LYCEUM_SUPERUSER_PASSWORD", "LYCEUM_OWNER_PASSWORD",
    "LYCEUM_SERVER_PASSWORD", "LYCEUM_TEST_STORM_REQUESTS",
}
COMMON_OPTIONS = {"--config", "--resources", "--help", "--version"}


def run(program: str) -> list[str]:
    documentation = pages()
    cli = CommandLine(program)
    faults = links()
    for page in documentation:
        faults += blocks(page) + names(page, cli) + words(page)
    faults += configuration(cli) + command_line(cli) + rules() + index(documentation)
    print(f"{'✘' if faults else '✔'} links, blocks, commands, routes, settings, files and rules", flush=True)
    return faults


# Links


def links() -> list[str]:
    """Every relative link of every page leads to a file, and every anchor to a heading."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    paths = [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]
    anchors = {path: headings(path.read_text()) for path in paths}
    faults = []
    for path in paths:
        text = re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), path.read_text(), flags=re.DOTALL | re.MULTILINE)
        for found in re.finditer(r"\]\(([^)\s]+)\)", text):
            target, _, anchor = found[1].partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            place = f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}"
            file = (path.parent / target).resolve() if target else path
            if not file.exists():
                faults.append(f"{place}: there is no {target}")
            elif anchor and anchor not in anchors.get(file, set()):
                faults.append(f"{place}: {target or 'this page'} has no heading #{anchor}")
    return faults


def headings(text: str) -> set[str]:
    """Anchors as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    found: set[str] = set()
    for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower()
        kept = "".join(c for c in title if c in "-_ " or unicodedata.category(c)[0] in "LN")
        anchor = base = kept.replace(" ", "-")
        number = 0
        while anchor in found:
            number += 1
            anchor = f"{base}-{number}"
        found.add(anchor)
    return found


# Blocks and names


def blocks(page: Page) -> list[str]:
    faults = []
    for block in page.blocks:
        if block.language not in LANGUAGES:
            faults.append(f"{block.place}: a block needs a language: {', '.join(sorted(LANGUAGES))}")
        if block.mark and not block.is_command:
            faults.append(f"{block.place}: only blocks of sh and sql are run")
    for (_, above), (number, line) in zip([(0, "")] + page.prose, page.prose):
        if line.startswith("    ") and above == "":
            faults.append(f"{page.name}:{number}: a block without a fence is not run")
    if page.name.startswith("README") and len(page.text.splitlines()) > README_LINES:
        faults.append(f"{page.name}: more than {README_LINES} lines")
    return faults


def names(page: Page, cli: "CommandLine") -> list[str]:
    """Commands, routes, variables and files that a page names are there."""
    faults = []
    spans = page.code()
    for block in page.blocks:
        spans += [(block.line, line) for line in block.text.replace("\\\n", " ").splitlines() if block.is_command]
    for number, span in spans:
        place = f"{page.name}:{number}"
        for call in re.findall(r"(?:^|[\s(])lyceum ([a-z].*)", span):
            fault = cli.fault(call)
            if fault:
                faults.append(f"{place}: lyceum {call}: {fault}")
        found = re.match(r"(GET|HEAD|POST|PUT|PATCH|DELETE) (/\S*)$", span)
        if found and not cli.has_route(found[1], found[2]):
            faults.append(f"{place}: there is no route {span}")
        found = re.match(r"lyceum\.([a-z_]+)$", span)
        if found and found[1] not in cli.functions:
            faults.append(f"{place}: there is no function {span}")
        found = re.match(r"(Sources|Tests|Migrations|Templates|Benchmarks|docs|script|openapi)/[\w./*+-]*$", span)
        if found and not list(ROOT.glob(span.rstrip("/"))):
            faults.append(f"{place}: there is no {span}")
    for number, line in enumerate(page.text.splitlines(), 1):
        for name in re.findall(r"\bLYCEUM_[A-Z_]+\b", line):
            if name not in cli.variables and name not in OTHER_VARIABLES:
                faults.append(f"{page.name}:{number}: there is no setting {name}")
    return faults


def words(page: Page) -> list[str]:
    return [
        f"{page.name}:{number}: say {WORDS[word.lower()]}, not {word} (docs/glossary.md)"
        for number, line in page.prose
        for word in re.findall(r"\w+", re.sub(r"`[^`]*`", "", line))
        if word.lower() in WORDS and page.name != "docs/glossary.md"
    ]


# Pages that are held against the program


def configuration(cli: "CommandLine") -> list[str]:
    """docs/configuration.md has every setting, its variable, its flag and its default."""
    rows = {}
    for line in (ROOT / "docs/configuration.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 5:
            rows[cells[0].strip("`")] = [cell.strip("`") for cell in cells[1:4]]
    faults = []
    for key, default in cli.settings.items():
        variable = "LYCEUM_" + key.replace(".", "_").upper()
        wanted = [variable, cli.flags.get(variable, ""), default]
        if key not in rows:
            faults.append(f"docs/configuration.md: {key} is missing")
        elif rows[key][:2] != wanted[:2]:
            faults.append(f"docs/configuration.md: {key}: {rows[key][:2]} should be {wanted[:2]}")
        # What depends on the machine is told in words.
        elif rows[key][2].replace(",", "") != default and not (rows[key][2].startswith("(") and default):
            faults.append(f"docs/configuration.md: {key}: the default {rows[key][2]} should be {default}")
    return faults + [f"docs/configuration.md: there is no setting {key}" for key in rows if key not in cli.settings]


def command_line(cli: "CommandLine") -> list[str]:
    """docs/command-line.md has a section for every command, which names every option."""
    text = (ROOT / "docs/command-line.md").read_text()
    sections = dict(re.findall(r"^#+ `lyceum ([a-z -]+)`$\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL))
    faults = []
    for command, options in cli.options.items():
        if command in cli.groups:
            continue
        if command not in sections:
            faults.append(f"docs/command-line.md: `lyceum {command}` is missing")
            continue
        named = set(re.findall(r"`(--[a-z-]+)", sections[command]))
        faults += [f"docs/command-line.md: lyceum {command}: {option} is missing"
                   for option in sorted(options - COMMON_OPTIONS - named)]
        faults += [f"docs/command-line.md: lyceum {command} has no {option}" for option in sorted(named - options)]
    return faults + [f"docs/command-line.md: there is no lyceum {name}" for name in sections if name not in cli.options]


def rules() -> list[str]:
    """docs/rules.md explains every rule of the domain, and every rule that sources, schema and contract cite."""
    explained = set(re.findall(r"^### ([A-Z]\d+)\b", (ROOT / "docs/rules.md").read_text(), re.MULTILINE))
    wanted = {f"{group}{number}" for group, count in RULES.items() for number in range(1, count + 1)}
    faults = [f"docs/rules.md: {rule} is missing" for rule in sorted(wanted - explained)]
    cited = re.compile(rf"\b[{''.join(RULES)}][1-9]\d?\b")
    places: dict[str, str] = {}
    for top in ("Sources", "Migrations", "openapi"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".swift", ".sql", ".yaml"):
                for rule in set(cited.findall(path.read_text())) - explained:
                    places.setdefault(rule, str(path.relative_to(ROOT)))
    return faults + [f"{place}: docs/rules.md has no {rule}" for rule, place in sorted(places.items())]


def index(documentation: list[Page]) -> list[str]:
    text = (ROOT / "docs/README.md").read_text()
    return [
        f"docs/README.md: a link to {page.name} is missing"
        for page in documentation
        if page.name.startswith("docs/") and page.name != "docs/README.md"
        and f"]({page.name.removeprefix('docs/')})" not in text
    ]


class CommandLine:
    """What the program says about itself."""

    def __init__(self, program: str):
        self.program = program
        # Nothing of the caller's environment may show.
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("LYCEUM_")}
        self.options: dict[str, set[str]] = {}
        self.groups: set[str] = set()
        self.learn("")
        listed = json.loads(self.ask("config", "--json"))["settings"]
        self.settings = {entry["key"]: entry.get("value", "") for entry in listed}
        self.variables = {"LYCEUM_" + key.replace(".", "_").upper() for key in self.settings}
        pairs = re.findall(r"(--[a-z-]+) <[^>]+>(?:(?!\n  --).)*?Or (LYCEUM_[A-Z_]+)", self.ask("config", "--help"), re.DOTALL)
        self.flags = {variable: flag for flag, variable in pairs if variable != "LYCEUM_CONFIG"}
        schema = (ROOT / "Migrations/schema.sql").read_text()
        self.functions = set(re.findall(r"\blyceum\.([a-z_]+)", schema))
        self.routes = {
            (route["method"], re.sub(r"{[^}]*}", "{}", route["path"])) for route in json.loads(self.ask("routes", "--json"))}

    def learn(self, command: str):
        text = self.ask(*command.split(), "--help")
        usage = text.split("USAGE:")[1]
        self.options[command] = set(re.findall(r"--[a-z][a-z-]+", usage))
        found = text.partition("SUBCOMMANDS:\n")[2]
        for name in re.findall(r"^  ([a-z-]+)(?: \(default\))?(?:$|  )", found, re.MULTILINE):
            self.groups.add(command)
            self.learn(f"{command} {name}".strip())

    def ask(self, *arguments: str) -> str:
        return subprocess.run(
            [self.program, *arguments], env=self.environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    def fault(self, call: str) -> str | None:
        """What is wrong with a command as it stands in the text."""
        words = re.split(r"\s+", re.split(r"[;|&>)]", call)[0].strip())
        if words[0] == "help":
            return None
        command = ""
        while words and f"{command} {words[0]}".strip() in self.options:
            command = f"{command} {words.pop(0)}".strip()
        if command == "":
            return "there is no such command"
        unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in self.options[command]
                   | {"--help", "--version"}]
        return f"it has no option {', '.join(unknown)}" if unknown else None

    def has_route(self, method: str, path: str) -> bool:
        path = re.sub(r"{[^}]*}", "{}", path.split("?")[0])
        return path in OTHER_PATHS or ("GET" if method == "HEAD" else method, path) in self.routes
