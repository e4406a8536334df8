"""Generates clients from openapi.yaml, compiles them, and drives them against a demo school; script/clients runs it.

Prints a table of what each generator made and what its client did, and fails when one of them fails. What is generated
lies in LYCEUM_CONTRACT_HOME and goes with it.
"""

import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile

from demo_server import HOME, ROOT, check_log, free_port, make_school, serve

DRIVERS = ROOT / "Tests" / "Contract" / "clients"
PROGRAMS = pathlib.Path(sys.executable).parent
CONTRACT = ROOT / "openapi.yaml"


class Failure(Exception):
    """A step of one client that failed, with what its program said."""


def main():
    names = [name for name in sys.argv[1:] if name in CLIENTS] or list(CLIENTS)
    port = free_port()
    make_school()
    server = serve(port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        # The compilers of Swift and Kotlin take longest; they run beside the others.
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            results = list(threads.map(lambda name: attempt(name, f"http://127.0.0.1:{port}"), names))
    finally:
        server.terminate()
        server.wait(30)
    print_table(results)
    if server.returncode != 0:
        raise SystemExit(f"error: the server ended with {server.returncode}")
    check_log()
    failed = [row["client"] for row in results if not row["holds"]]
    if failed:
        raise SystemExit(f"error: these clients failed: {', '.join(failed)}")


def attempt(name: str, base: str) -> dict:
    start = time.monotonic()
    row = {"client": name, "files": "", "compiled": "", "did": "", "holds": False}
    try:
        CLIENTS[name](HOME / name.replace(" ", "-"), base, row)
        row["holds"] = True
    except Failure as failure:
        print(f"\n{name} failed:\n{failure}", file=sys.stderr)
        row["did"] = row["did"] or "FAILED, see above"
    row["seconds"] = f"{time.monotonic() - start:.0f} s"
    return row


def print_table(rows: list[dict]):
    columns = ["client", "files", "compiled", "did", "seconds"]
    widths = {name: max(len(str(row[name])) for row in rows + [{name: name for name in columns}]) for name in columns}
    for row in [{name: name for name in columns}] + rows:
        print("  ".join(str(row[name]).ljust(widths[name]) for name in columns).rstrip())


# Clients: each makes itself in a directory of its own, and says in its row what it did.


def python_client(home: pathlib.Path, base: str, row: dict):
    package = home / "lyceum_client"
    home.mkdir()
    said = run(
        [PROGRAMS / "openapi-python-client", "generate", "--path", CONTRACT, "--output-path", package, "--meta", "none",
         "--config", DRIVERS / "openapi-python-client.yaml"])
    if "WARNING" in said or "ERROR" in said:
        raise Failure(f"openapi-python-client leaves something out:\n{said}")
    row["files"] = count(package, "*.py")
    # -W error: what Python warns of when it compiles a file.
    run([sys.executable, "-W", "error", "-m", "compileall", "-q", package])
    row["compiled"] = "compiled and imported"
    row["did"] = run([sys.executable, DRIVERS / "drive_openapi_python_client.py", base], PYTHONPATH=home)


def python_generator(home: pathlib.Path, base: str, row: dict):
    generate("python", home, "packageName=lyceum_client")
    row["files"] = count(home / "lyceum_client", "*.py")
    row["did"] = run([sys.executable, DRIVERS / "drive_openapi_generator.py", base], PYTHONPATH=home)
    row["compiled"] = "compiled and imported"


def typescript(home: pathlib.Path, base: str, row: dict):
    generate("typescript-fetch", home / "client")
    row["files"] = count(home / "client", "*.ts")
    shutil.copy(DRIVERS / "drive.ts", home)
    # TypeScript 4.8, Debian's, does not narrow by `in`, which the code is written for.
    run(["tsc", "--strict", "--suppressImplicitAnyIndexErrors", "--target", "es2020", "--lib", "es2020,dom", "--module", "commonjs",
         "--moduleResolution", "node", "--outDir", home / "made", home / "drive.ts", home / "client" / "index.ts"])
    row["compiled"] = "tsc --strict"
    row["did"] = run(["node", home / "made" / "drive.js", base])


def swift(home: pathlib.Path, base: str, row: dict):
    generate("swift6", home / "client", "projectName=LyceumClient")
    row["files"] = count(home / "client", "*.swift")
    sources = home / "Sources" / "Drive"
    sources.mkdir(parents=True)
    shutil.copy(DRIVERS / "Drive.swift", sources)
    (home / "Package.swift").write_text(
        """// swift-tools-version:6.0
import PackageDescription

let package = Package(
    name: "Drive",
    dependencies: [.package(path: "client")],
    targets: [.executableTarget(name: "Drive", dependencies: [.product(name: "LyceumClient", package: "client")])],
    swiftLanguageModes: [.v6])
""")
    run(["swift", "build", "--package-path", home])
    row["compiled"] = "swift build, Swift 6 mode"
    row["did"] = run([home / ".build" / "debug" / "Drive", base])


def kotlin(home: pathlib.Path, base: str, row: dict):
    """Its models and their reader alone: the rest needs OkHttp 5, which neither Debian nor PyPI has."""
    # kotlinx.serialization reads a JSON value of any type, such as the row of a change, as a JsonElement.
    generate(
        "kotlin", home / "client", "serializationLibrary=kotlinx_serialization",
        options=[
            "--type-mappings", "AnyType=JsonElement,object=JsonElement",
            "--import-mappings", "JsonElement=kotlinx.serialization.json.JsonElement"])
    sources = list((home / "client" / "src" / "main").rglob("*.kt"))
    compiled = [file for file in sources if "okhttp" not in file.read_text()]
    row["files"] = len(sources)
    jars = pathlib.Path(os.environ["KOTLIN_JARS"])
    compiler = ":".join(str(jar) for jar in jars.glob("*.jar") if "serialization" not in jar.name)
    libraries = ":".join(
        str(jar) for pattern in ("kotlin-stdlib", "kotlinx-serialization") for jar in jars.glob(f"{pattern}-*.jar"))
    # The compiler's own plugin for serialization, which the package does not register.
    with zipfile.ZipFile(home / "plugin.jar", "w") as plugin:
        plugin.writestr(
            "META-INF/services/org.jetbrains.kotlin.compiler.plugin.CompilerPluginRegistrar",
            "org.jetbrains.kotlinx.serialization.compiler.extensions.SerializationComponentRegistrar\n")
    run(["java", "-cp", compiler, "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-nowarn", "-no-stdlib", "-no-reflect",
         f"-Xplugin={home / 'plugin.jar'}", "-cp", libraries, "-d", home / "made", DRIVERS / "Drive.kt", *compiled])
    row["compiled"] = f"kotlinc, {len(compiled)} files; the others need OkHttp 5"
    row["did"] = run(["java", "-cp", f"{home / 'made'}:{libraries}", "DriveKt", *answers(home, base)])


CLIENTS = {
    "kotlin": kotlin,
    "swift6": swift,
    "openapi-python-client": python_client,
    "python": python_generator,
    "typescript-fetch": typescript,
}


def answers(home: pathlib.Path, base: str) -> list[pathlib.Path]:
    """A journal, a refused PATCH of it, and a diary, as files."""
    teacher, parent = token(base, "teacher"), token(base, "parent")
    section = ask(base, "/v1/me", teacher)["sections"][0]["id"]
    journal = ask(base, f"/v1/sections/{section}/journal", teacher)
    mark = next(mark for mark in journal["marks"] if (mark["value"] or {}).get("number", 3) != 3)
    cell = {name: mark[name] for name in ("line_item_id", "student_id")}
    stale = cell | {"value": {"kind": "number", "number": 3}, "version": 0}
    problem = ask(base, f"/v1/sections/{section}/journal", teacher, {"marks": [stale]})
    child = ask(base, "/v1/me", parent)["children"][0]["id"]
    files = {"journal": journal, "problem": problem, "diary": ask(base, f"/v1/students/{child}/diary", parent)}
    for name, answer in files.items():
        (home / f"{name}.json").write_text(json.dumps(answer))
    return [home / f"{name}.json" for name in files]


def token(base: str, login: str) -> str:
    body = f"grant_type=password&school=lyceum29&username={login}&password=lyceum-demo"
    with urllib.request.urlopen(f"{base}/v1/auth/token", body.encode()) as answer:
        return json.load(answer)["access_token"]


def ask(base: str, path: str, token: str, body: dict | None = None) -> dict:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        base + path, json.dumps(body).encode() if body else None, headers, method="PATCH" if body else "GET")
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        return json.load(refused)


def generate(generator: str, output: pathlib.Path, *properties: str, options: list[str] = []):
    command = [PROGRAMS / "openapi-generator-cli", "generate", "-i", CONTRACT, "-g", generator, "-o", output]
    for written in properties:
        command += ["--additional-properties", written]
    command += options
    said = run(command)
    # A schema or an operation that it takes for something else than it is.
    strange = [line for line in said.splitlines() if "ERROR" in line and "createImportMapOfSet" not in line]
    if strange:
        raise Failure("\n".join(strange))


def run(command: list, **environment) -> str:
    """What the command printed."""
    words = [str(word) for word in command]
    variables = os.environ | {name: str(value) for name, value in environment.items()}
    done = subprocess.run(words, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=HOME)
    if done.returncode != 0:
        raise Failure(f"{' '.join(words)[:200]}\n{done.stdout[-6000:]}")
    return done.stdout.strip()


def count(directory: pathlib.Path, pattern: str) -> int:
    return sum(1 for _ in directory.rglob(pattern))


if __name__ == "__main__":
    main()
