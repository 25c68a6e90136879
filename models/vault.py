"""Encryption of what only the owner of a case may read: reporter contacts, camera addresses."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken


class Vault:
    """Fernet (AES-128-CBC + HMAC) under a key derived from the installation's secret."""

    def __init__(self, secret: str) -> None:
        self._fernet = Fernet(_key(secret))

    def seal(self, text: str | None) -> str | None:
        """The sealed text; None and empty stay None."""
        return self._fernet.encrypt(text.encode()).decode("ascii") if text else None

    def open(self, sealed: str | None) -> str | None:
        """The text again.

        Raises:
            ValueError: it was sealed with another secret key.
        """
        if not sealed:
            return None
        try:
            return self._fernet.decrypt(sealed.encode("ascii")).decode()
        except InvalidToken as error:
            raise ValueError("This was sealed with another GRIDCOMMAND_SECRET_KEY and cannot be read.") from error


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    """The key of a secret, slow to work out on purpose and therefore only once."""
    digest = hashlib.scrypt(secret.encode(), salt=b"gridcommand.vault.v1", n=2**14, r=8, p=1, dklen=32)
    return base64.urlsafe_b64encode(digest)
