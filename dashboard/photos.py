"""Photos: decoded in a limited child process, re-encoded without metadata, kept under their own digest."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from flask import Response, send_file

from dashboard.problems import Problem
from dashboard.services import services, visitor
from models import attachments
from models.store import StoreUnavailable
from models.watching import retention

MEDIA_TYPE = "image/jpeg"
CHILD = Path(__file__).with_name("photo_child.py")
PATIENCE = 10.0
"""Seconds of real time for one picture; the child's own limit is 5 seconds of processor time."""

_DIGEST = re.compile(r"^[0-9a-f]{64}$")
_SENTENCES = {
    "no-picture": "This is no JPEG, PNG or WebP picture.",
    "broken": "The picture is broken or ends too early.",
    "too-many-pixels": "The picture has too many pixels; at most 36 megapixels are taken.",
}


@dataclass(frozen=True)
class Photo:
    """A clean JPEG; `width` and `height` in pixels."""

    width: int
    height: int
    jpeg: bytes


def clean(raw: bytes) -> Photo:
    """A stranger's bytes as a picture that can be trusted.

    Raises:
        Problem: 422 naming `file` for what is no picture we take.
    """
    if not raw:
        raise Problem(422, "The file is empty.", field="file")
    with services().turns.turn():
        return decode(raw)


def decode(raw: bytes) -> Photo:
    """Run the child on it.

    Raises:
        Problem: 422 naming `file`.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-I", str(CHILD)], input=raw, capture_output=True, timeout=PATIENCE, env={}, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Problem(422, "The picture takes too long to decode.", field="file") from error
    if child.returncode:
        word = child.stderr.decode("utf-8", "replace").strip()
        raise Problem(422, _SENTENCES.get(word, _SENTENCES["broken"]), field="file")
    head, _, jpeg = child.stdout.partition(b"\n")
    width, height = (int(number) for number in head.split())
    return Photo(width, height, jpeg)


def keep(photo: Photo, data: Path) -> str:
    """Write the file under its SHA-256, on disk before this returns; the same picture twice is one file.

    Raises:
        StoreUnavailable: the disk is full or cannot be written.
    """
    digest = hashlib.sha256(photo.jpeg).hexdigest()
    target = path_of(digest, data)
    if target.exists():
        return digest
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            try:
                file.write(photo.jpeg)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise StoreUnavailable(f"The picture cannot be kept: {error.strerror}.", full=full) from error
    _settle(target.parent)
    return digest


def _settle(folder: Path) -> None:
    """The file's name, too, on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def path_of(digest: str, data: Path) -> Path:
    """Where a picture lies."""
    return retention.path_of(data, "attachments", digest)


def show(digest: str) -> Response:
    """`GET /attachments/<digest>`: only to those who may see a case that holds it."""
    if not _DIGEST.match(digest):
        raise _no_picture()
    with services().store.read() as connection:
        known = attachments.visible(connection, digest, visitor().actor)
    file = path_of(digest, services().data)
    if not known or not file.is_file():
        raise _no_picture()
    response = send_file(file.resolve(), mimetype=MEDIA_TYPE, etag=digest, max_age=0)
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def _no_picture() -> Problem:
    return Problem(404, "There is no such picture.", field="digest")
