"""Access tokens that last for the whole run: the claims of a real sign-in, signed again with a later expiry."""

import base64
import hashlib
import hmac
import json
import secrets
import time

KEY = secrets.token_bytes(32)
ISSUER = "http://127.0.0.1"
AUDIENCE = "lyceum"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(token: str) -> dict:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def lengthened(token: str, **others) -> str:
    """With other claims, where they are given."""
    claims = claims_of(token) | {"exp": int(time.time()) + 24 * 3600} | others
    signed = token.split(".")[0] + "." + encode(json.dumps(claims, separators=(",", ":")).encode())
    return signed + "." + encode(hmac.new(KEY, signed.encode(), hashlib.sha256).digest())


CONFIGURATION = "k1:" + encode(KEY)
