"""Receives webhooks and verifies them with the library standardwebhooks; used by contract.py."""

import http.server
import json
import queue
import threading

import standardwebhooks

from calendars import call


class Receiver(http.server.HTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: queue.Queue = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def next(self, wanted: str) -> tuple[dict, bytes]:
        while True:
            headers, body = self.requests.get(timeout=30)
            if json.loads(body)["type"] == wanted:
                return headers, body


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.put((dict(self.headers), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def check_webhooks(base: str, program: str, admin: str):
    """The tokens are those of an integration and an administrator. The server has to allow 127.0.0.1."""
    receiver = Receiver()
    url = f"http://127.0.0.1:{receiver.server_port}/hooks"
    made = call(base, program, "POST", "/v1/webhooks", {"url": url})
    try:
        first = made["secret"]
        call(base, program, "POST", f"/v1/webhooks/{made['id']}/deliveries", {})
        verify(receiver.next("test"), first)
        room = call(base, admin, "POST", "/v1/rooms", {"name": "Кабинет вебхуков"})
        headers, body = receiver.next("changes")
        event = verify((headers, body), first)
        call(base, admin, "DELETE", f"/v1/rooms/{room['id']}", match="*")
        items = [item for item in event["data"]["items"] if item["id"] == room["id"]]
        assert [(item["entity"], item["operation"]) for item in items] == [("rooms", "made")], event
        assert refuses((headers, body + b" "), first), "a changed body is accepted"
        assert refuses((headers | {"webhook-id": "other"}, body), first), "another id is accepted"
        # During a rotation both secrets verify.
        second = call(base, program, "POST", f"/v1/webhooks/{made['id']}/secret", {})["secret"]
        call(base, program, "POST", f"/v1/webhooks/{made['id']}/deliveries", {})
        request = receiver.next("test")
        for secret in (first, second):
            verify(request, secret)
        assert refuses(request, "whsec_" + "A" * 43 + "="), "another secret is accepted"
        feed = call(base, program, "GET", f"/v1/changes?since={event['data']['since']}")
        assert {item["id"] for item in event["data"]["items"]} <= {item["id"] for item in feed["items"]}
    finally:
        call(base, program, "DELETE", f"/v1/webhooks/{made['id']}", match="*")
        receiver.shutdown()
    print("standardwebhooks has verified the webhooks, with both secrets.")


def verify(request: tuple[dict, bytes], secret: str):
    headers, body = request
    headers = {name.lower(): value for name, value in headers.items()}
    return standardwebhooks.Webhook(secret).verify(body, headers)


def refuses(request: tuple[dict, bytes], secret: str) -> bool:
    try:
        verify(request, secret)
        return False
    except standardwebhooks.WebhookVerificationError:
        return True
