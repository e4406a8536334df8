"""Access tokens: JWT, HS256, with a known `kid`, issuer, audience and expiry."""

import base64

import jwt


class Verifier:
    def __init__(self, configuration: str, issuer: str, audience: str):
        self.issuer = issuer
        self.audience = audience
        self.keys = {}
        for entry in configuration.split(","):
            name, _, encoded = entry.partition(":")
            self.keys[name] = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))

    def claims(self, authorization: str) -> dict | None:
        if not authorization.startswith("Bearer "):
            return None
        token = authorization[7:]
        try:
            key = self.keys[jwt.get_unverified_header(token)["kid"]]
            return jwt.decode(token, key, algorithms=["HS256"], issuer=self.issuer, audience=self.audience)
        except (KeyError, jwt.InvalidTokenError):
            return None
