"""A headless Chromium, spoken to through its DevTools protocol."""

import asyncio
import base64
import itertools
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.request

import websockets

PATIENCE = 60


class Browser:
    def __init__(self, language: str):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # Root may not have Chromium's own sandbox; the pages are this project's.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", *sandbox, "--disable-gpu", "--remote-debugging-port=0",
             f"--user-data-dir={self.profile.name}", f"--lang={language}", f"--accept-lang={language}",
             "--disable-background-networking", "--window-size=1280,900", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = pathlib.Path(self.profile.name) / "DevToolsActivePort"
        deadline = time.monotonic() + PATIENCE
        while not (port.exists() and "\n" in port.read_text()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("error: Chromium does not start")
            time.sleep(0.05)
        self.address = f"http://127.0.0.1:{port.read_text().splitlines()[0]}"

    async def page(self) -> "Page":
        request = urllib.request.Request(f"{self.address}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request) as answer:
            return await Page.attached(json.load(answer)["webSocketDebuggerUrl"])

    async def popup(self, path: str) -> "Page":
        """The page that another one opened, at this path."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with urllib.request.urlopen(f"{self.address}/json") as answer:
                for target in json.load(answer):
                    if target["type"] == "page" and path in target["url"]:
                        return await Page.attached(target["webSocketDebuggerUrl"])
            await asyncio.sleep(0.05)
        raise SystemExit(f"error: no page at {path} was opened")

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.profile.cleanup()


class Page:
    """A page, and what the browser complained of while it was shown: errors, and what its policy refused."""

    @classmethod
    async def attached(cls, url: str) -> "Page":
        page = cls()
        page.socket = await websockets.connect(url, max_size=None)
        page.numbers, page.waiting, page.complaints = itertools.count(1), {}, []
        page.loaded = asyncio.Event()
        page.reader = asyncio.create_task(page.read())
        for domain in ("Page", "Runtime", "Log"):
            await page.command(f"{domain}.enable")
        return page

    async def read(self):
        try:
            async for text in self.socket:
                message = json.loads(text)
                if "id" in message:
                    self.waiting.pop(message["id"]).set_result(message)
                else:
                    self.note(message["method"], message["params"])
        except websockets.ConnectionClosed:
            pass

    def note(self, event: str, params: dict):
        if event == "Page.loadEventFired":
            self.loaded.set()
        elif event == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])
        elif event == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.complaints.append(str([part.get("value", part.get("description")) for part in params["args"]]))
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))

    async def command(self, method: str, **params):
        number = next(self.numbers)
        self.waiting[number] = asyncio.get_running_loop().create_future()
        answer = self.waiting[number]
        await self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        message = await asyncio.wait_for(answer, PATIENCE)
        if "error" in message:
            raise SystemExit(f"error: {method}: {message['error']}")
        return message["result"]

    async def open(self, url: str):
        self.loaded.clear()
        await self.command("Page.navigate", url=url)
        await asyncio.wait_for(self.loaded.wait(), PATIENCE)

    async def value(self, script: str):
        result = await self.command(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in result:
            raise SystemExit(f"error: {script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    async def until(self, script: str):
        deadline = time.monotonic() + PATIENCE
        while not await self.value(f"Boolean({script})"):
            if time.monotonic() > deadline:
                raise SystemExit(f"error: it never came to {script}; complaints: {self.complaints}")
            await asyncio.sleep(0.05)

    async def click(self, selector: str):
        element = f"document.querySelector({json.dumps(selector)})"
        await self.until(element)
        await self.value(f"{element}.click()")

    async def type(self, selector: str, text: str):
        element = f"document.querySelector({json.dumps(selector)})"
        await self.until(element)
        await self.value(f"{element}.focus(), {element}.select()")
        await self.command("Input.insertText", text=text)

    async def picture(self, file: pathlib.Path):
        shot = await self.command("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(shot["data"]))
