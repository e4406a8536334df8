"""Tells a family of a new mark: a push, decrypted by http-ece, and a mail, parsed by email; used by contract.py.

The push service and the mail server are here, with certificates of their own. py-vapid checks who sends the pushes.
"""

import base64
import email
import email.policy
import http.server
import json
import os
import queue
import re
import ssl
import subprocess
import threading
import urllib.request

import http_ece
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from calendars import call
from demo_server import HOME, free_port, query


class Receivers:
    """A push service and a mail server on loopback addresses, and the server's settings that lead to them."""

    def __init__(self):
        self.pushes, self.mails = queue.Queue(), queue.Queue()
        self.certificate = self._certificate()
        self.push_port, self.mail_port = free_port(), free_port()
        self._serve_pushes()
        self._serve_mail()
        self.settings = {
            "LYCEUM_PUSH_VAPID_KEY": base64.urlsafe_b64encode(bytes(31) + b"\x07").decode().rstrip("="),
            "LYCEUM_PUSH_SUBJECT": "mailto:operator@example.org",
            "LYCEUM_MAIL_URL": f"smtp://localhost:{self.mail_port}",
            "LYCEUM_MAIL_FROM": "diary@example.org",
            "LYCEUM_MAIL_LINK": "https://app.example.org/",
            "LYCEUM_OUTBOX_AUTHORITIES": self.certificate,
        }

    def close(self):
        self.push_server.shutdown()
        self.mail_server.stop()

    def _certificate(self) -> str:
        path = str(HOME / "receivers.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", path + ".key", "-out", path],
            check=True, stderr=subprocess.DEVNULL)
        return path

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.certificate + ".key")
        return context

    def _serve_pushes(self):
        pushes = self.pushes

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                pushes.put((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.push_server = http.server.ThreadingHTTPServer(("127.0.0.1", self.push_port), Handler)
        self.push_server.socket = self._tls().wrap_socket(self.push_server.socket, server_side=True)
        threading.Thread(target=self.push_server.serve_forever, daemon=True).start()

    def _serve_mail(self):
        mails, tls = self.mails, self._tls()

        class Handler:
            async def handle_DATA(self, server, session, envelope):
                assert session.ssl, "mail without STARTTLS"
                mails.put((envelope.mail_from, envelope.rcpt_tos, envelope.content))
                return "250 OK"

        class TLSController(Controller):
            def factory(self):
                return SMTP(self.handler, tls_context=tls, require_starttls=True)

        self.mail_server = TLSController(Handler(), hostname="127.0.0.1", port=self.mail_port)
        self.mail_server.start()


def check_telling(base: str, parent: str, teacher: str, receivers: Receivers):
    """The tokens are those of a guardian and of the class teacher of the guardian's child."""
    subscription, device, auth = subscribe(base, parent, receivers)
    call(base, parent, "PUT", "/v1/me/email", {"address": "parent@example.org"})
    _, recipients, content = receivers.mails.get(timeout=60)
    assert recipients == ["parent@example.org"]
    code = re.search(r"\d{4} \d{4}", text_of(parse(content))).group()
    assert call(base, parent, "PUT", "/v1/me/email/confirmation", {"code": code})["state"] == "active"

    # At any time of the day, and marks by mail, too.
    preferences = {"school_quiet_hours": False, "quiet_hours": None, "kinds": [{"kind": "mark", "push": True, "mail": True}]}
    call(base, parent, "PUT", "/v1/notifications/preferences", preferences, match='"v0"')
    write_mark(base, parent, teacher)
    check_push(receivers, device, auth)
    check_mail(base, parent, receivers)
    call(base, parent, "DELETE", f"/v1/me/push-subscriptions/{subscription['id']}")
    assert receivers.pushes.empty() and receivers.mails.empty(), "something was sent twice"
    print("A mark was told by a push that http-ece decrypted and by a mail without a surname.")


def check_crash(base: str, parent: str, teacher: str, receivers: Receivers, server: subprocess.Popen, restart) -> subprocess.Popen:
    """Kills the server between the commit of a mark and its push. Returns the one that `restart` starts."""
    subscription, device, auth = subscribe(base, parent, receivers)
    write_mark(base, parent, teacher)
    server.kill()
    server.wait()
    server = restart()
    check_push(receivers, device, auth)
    call(base, parent, "DELETE", f"/v1/me/push-subscriptions/{subscription['id']}")
    assert receivers.pushes.empty(), "the push was sent twice"
    print("After kill -9, the next process sent the push.")
    return server


def subscribe(base: str, parent: str, receivers: Receivers) -> tuple[dict, ec.EllipticCurvePrivateKey, bytes]:
    """A new device of the guardian, with its key and secret."""
    device, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    point = device.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    endpoint = f"https://localhost:{receivers.push_port}/push/parent"
    body = {"endpoint": endpoint, "p256dh": encode(point), "auth": encode(auth)}
    return call(base, parent, "POST", "/v1/me/push-subscriptions", body), device, auth


def check_push(receivers: Receivers, device: ec.EllipticCurvePrivateKey, auth: bytes):
    path, fields, body = receivers.pushes.get(timeout=60)
    assert path == "/push/parent" and fields["Content-Encoding"] == "aes128gcm" and int(fields["TTL"]) > 0
    assert fields["Urgency"] == "normal" and re.fullmatch(r"[A-Za-z0-9_-]{1,32}", fields["Topic"])
    payload = http_ece.decrypt(body, private_key=device, auth_secret=auth, version="aes128gcm")
    news = json.loads(payload.rstrip(b" "))
    assert set(news) == {"id", "kind", "unread"} and news["kind"] == "mark" and news["unread"] > 0, news
    # py-vapid knows only its own form of the list, without a space.
    assert Vapid02.verify(fields["Authorization"].replace(", ", ",")), "py-vapid refuses the signature"
    token = re.search(r"t=([^,]+)", fields["Authorization"]).group(1)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["aud"] == f"https://localhost:{receivers.push_port}" and claims["sub"] == "mailto:operator@example.org"


def check_mail(base: str, parent: str, receivers: Receivers):
    sender, recipients, content = receivers.mails.get(timeout=60)
    assert sender == "diary@example.org" and recipients == ["parent@example.org"]
    message = parse(content)
    text = text_of(message)
    assert message["Subject"] == "Новое в дневнике" and "новые отметки: 1" in text and "https://app.example.org/" in text
    assert message["Auto-Submitted"] == "auto-generated" and message["Message-ID"].endswith("@example.org>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    decoded = " ".join([text, *(str(value) for value in message.values())]).lower()
    for name in query("SELECT DISTINCT lower(last_name) FROM users"):
        assert not re.search(rf"\b{re.escape(name)}\b", decoded), f"the mail contains the surname {name}"
        assert name.encode() not in content.lower()
    link = message["List-Unsubscribe"].strip("<>")
    assert link.startswith(base)
    with urllib.request.urlopen(link) as answer:
        assert b"<form" in answer.read()
    assert call(base, parent, "GET", "/v1/me/email")["state"] == "active", "reading the link changed something"
    urllib.request.urlopen(link, b"List-Unsubscribe=One-Click").close()
    assert call(base, parent, "GET", "/v1/me/email")["state"] == "none"


def write_mark(base: str, parent: str, teacher: str):
    """A new mark of the guardian's child, in the journal of the child's class teacher."""
    child = call(base, parent, "GET", "/v1/me")["children"][0]
    section = next(s for s in call(base, teacher, "GET", "/v1/me")["sections"]
                   if s["group"]["name"] == child["class"]["name"])
    journal = call(base, teacher, "GET", f"/v1/sections/{section['id']}/journal")
    marked = {mark["line_item_id"] for mark in journal["marks"] if mark["student_id"] == child["id"]}
    lesson = next(
        lesson["id"] for lesson in reversed(journal["lessons"])
        if lesson["state"] == "held" and not lesson["locked_reason"] and not any(
            column["id"] in marked for column in journal["line_items"] if column["lesson_id"] == lesson["id"]))
    call(base, teacher, "PATCH", f"/v1/sections/{section['id']}/journal", {"marks": [
        {"lesson_id": lesson, "student_id": child["id"], "value": {"kind": "number", "number": 5}, "version": 0}]})


def parse(content: bytes) -> email.message.EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert not message.defects and content.isascii()
    assert all(len(line) <= 998 for line in content.split(b"\r\n")) and b"\n" not in content.replace(b"\r\n", b"")
    return message


def text_of(message: email.message.EmailMessage) -> str:
    assert message.get_content_type() == "text/plain"
    return message.get_content()


def encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
