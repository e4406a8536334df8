"""Starts, watches and ends servers."""

import http.client
import os
import resource
import socket
import subprocess
import sys
import time


def say(text: str):
    print(f"\033[1m==>\033[0m {text}", file=sys.stderr, flush=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def allow_many_files():
    """Raises the limit of open files, for 10,000 connections on either side."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def processor_seconds(pid: int) -> float:
    """Of a process and its children, including those that have ended and been waited for."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    own = sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return own + sum(processor_seconds(child) for child in children(pid))


def children(pid: int) -> list[int]:
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found


class Server:
    """A program that answers `GET /livez` on a port of its own once it is up."""

    running: list["Server"] = []

    def __init__(self, name: str, command: list, environment: dict, log_directory, pause: float = 0.02):
        self.name = name
        self.log = log_directory / f"{name}.log"
        started = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        Server.running.append(self)
        self.port = int(environment["PORT"])
        self.admin_port = int(environment.get("ADMIN_PORT", 0))
        self.url = f"http://127.0.0.1:{self.port}"
        self.wait_for("/livez", pause)
        self.seconds_to_first_answer = time.monotonic() - started

    def wait_for(self, path: str, pause: float = 0.02, times: int = 1):
        """Waits until it has answered that many times in a row with 200, each time on a new connection."""
        deadline = time.monotonic() + 60
        good = 0
        while good < times:
            if self.process.poll() is not None:
                raise SystemExit(f"error: {self.name} ended: {self.log.read_text()[-2000:]}")
            if time.monotonic() > deadline:
                raise SystemExit(f"error: {self.name} does not answer: {self.log.read_text()[-2000:]}")
            if self.answers(path):
                good += 1
            else:
                good = 0
                time.sleep(pause)

    def answers(self, path: str) -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", path)
            status = connection.getresponse().status
            connection.close()
            return status == 200
        except OSError:
            return False

    def resident_bytes(self) -> int:
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise SystemExit(f"error: the memory of {self.name} cannot be read")

    def processor_seconds(self) -> float:
        return processor_seconds(self.process.pid)

    def stop(self):
        if self in Server.running:
            Server.running.remove(self)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    @staticmethod
    def stop_all():
        for server in list(Server.running):
            server.stop()
