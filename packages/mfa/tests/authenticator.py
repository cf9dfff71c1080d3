"""An authenticator in software: passkeys as a browser on the shop's page makes and uses them."""

import hashlib
import json
import os
import struct

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
ORIGIN = "http://localhost:5000"


class Authenticator:
    """Keeps one passkey (ES256).

    Attributes:
        origin: The page that asks for it.
        counts: Whether it counts signatures.
        flags: What it says of the user and the key.
    """

    def __init__(self, *, counts=True, synced=False, origin=ORIGIN):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = os.urandom(32)
        self.counts, self.count, self.origin = counts, 0, origin
        self.user_handle = None
        self.flags = PRESENT | VERIFIED | (ELIGIBLE | BACKED_UP if synced else 0)

    def create(self, options):
        """Return what ``navigator.credentials.create()`` returns, as JSON text."""
        self.user_handle = options["user"]["id"]
        key_id = struct.pack(">H", len(self.credential_id)) + self.credential_id
        attested = bytes(16) + key_id + cbor2.dumps(self._cose_key())
        data = self._data(options["rp"]["id"], ATTESTED) + attested
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        response = {
            "clientDataJSON": self._client_data("webauthn.create", options["challenge"]),
            "attestationObject": bytes_to_base64url(cbor2.dumps(statement)),
            "transports": ["internal", "made-up"],
        }
        return self._credential(response)

    def get(self, options):
        """Return what ``navigator.credentials.get()`` returns, as JSON text."""
        client_data = self._client_data("webauthn.get", options["challenge"])
        data = self._data(options["rpId"])
        signed = data + hashlib.sha256(base64url_to_bytes(client_data)).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(self.key.sign(signed, ec.ECDSA(SHA256()))),
            "userHandle": self.user_handle,
        }
        return self._credential(response)

    def _data(self, rp_id, more=0):
        self.count += 1 if self.counts else 0
        flags, count = bytes([self.flags | more]), struct.pack(">I", self.count)
        return hashlib.sha256(rp_id.encode()).digest() + flags + count

    def _client_data(self, kind, challenge):
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return bytes_to_base64url(json.dumps(said).encode())

    def _cose_key(self):
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        return {1: 2, 3: -7, -1: 1, -2: x, -3: y}

    def _credential(self, response):
        name = bytes_to_base64url(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
