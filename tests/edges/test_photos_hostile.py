"""Photos: good ones come back clean, hostile ones are refused quickly and cheaply, and only case readers see any."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_harness import (
    GRID,
    ORIGIN,
    OWN,
    HeardNews,
    add_people,
    add_token,
    bearer,
    browser,
    form_token,
    problem,
    report,
    web,
)
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from dashboard import photos
from dashboard.problems import Problem
from models.store import Store

SECONDS = 5.0
MEMORY_KB = 200_000


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), mode: str = "RGB", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 40).convert(mode).save(out, kind, **more)
    return out.getvalue()


def with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    exif[0x010F] = "Maker of the telephone"
    exif.get_ifd(0x8825)[2] = (30.0, 28.0, 9.0)
    return picture(exif=exif)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_bomb(width: int, height: int) -> bytes:
    """A small file that unpacks to width × height pixels of one colour."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = packed_zeros((1 + width * 3) * min(height, 3_000))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def packed_zeros(number: int) -> bytes:
    """So many zeros, compressed piece by piece: what the test itself takes of memory must not hide the child's."""
    packer, piece = zlib.compressobj(9), b"\0" * 100_000
    whole, rest = divmod(number, len(piece))
    return b"".join(packer.compress(piece) for _ in range(whole)) + packer.compress(piece[:rest]) + packer.flush()


def text_bomb() -> bytes:
    """A picture with 200 MB of compressed text in it."""
    whole = picture("PNG", (10, 10))
    return whole[:33] + chunk(b"zTXt", b"comment\0\0" + packed_zeros(200_000_000)) + whole[33:]


def truncated() -> bytes:
    whole = picture()
    return whole[: len(whole) // 2]


def claimed(width: int, height: int) -> bytes:
    """A JPEG whose header claims another size."""
    raw = bytearray(picture())
    at = raw.index(b"\xff\xc0") + 5
    raw[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(raw)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HOSTILE = {
    "nothing at all": lambda: b"",
    "one byte": lambda: b"\xff",
    "an SVG with a script": lambda: SVG,
    "HTML": lambda: b"<html><script>alert(1)</script></html>",
    "HTML that begins like a GIF": lambda: b"GIF89a" + SVG,
    "a GIF": lambda: picture("GIF"),
    "a TIFF": lambda: picture("TIFF"),
    "a BMP": lambda: picture("BMP"),
    "a PDF": lambda: picture("PDF"),
    "an icon": lambda: picture("ICO", (64, 64)),
    "zeros": lambda: b"\0" * 1_000_000,
    "random bytes": lambda: bytes(zlib.crc32(b"%d" % n) & 255 for n in range(50_000)),
    "half a JPEG": truncated,
    "a JPEG's first bytes and no more": lambda: b"\xff\xd8\xff\xe0" + b"\0" * 5_000,
    "a JPEG that claims 65,000 × 65,000": lambda: claimed(65_000, 65_000),
    "a PNG of 30,000 × 30,000": lambda: png_bomb(30_000, 30_000),
    "a PNG of 7,000 × 7,000": lambda: png_bomb(7_000, 7_000),
    "a PNG of 100,000,000 × 1": lambda: png_bomb(100_000_000, 1),
    "a PNG of 0 × 0": lambda: png_bomb(0, 0),
    "a PNG with a wrong checksum": lambda: picture("PNG")[:-20] + b"\0" * 20,
    "200 MB of text in a PNG": text_bomb,
    "a PostScript program": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n(/etc/passwd) (r) file\n",
    "a zip": lambda: b"PK\x03\x04" + b"\0" * 1_000,
}


@pytest.mark.alone
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_picture_is_refused_quickly(what: str) -> None:
    raw = HOSTILE[what]()
    began = time.monotonic()
    with pytest.raises(Problem) as refused:
        photos.decode(raw) if raw else photos.clean(raw)
    assert refused.value.status == 422 and refused.value.field == "file"
    assert time.monotonic() - began < SECONDS


MEASURE = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-I", sys.argv[1]], input=sys.stdin.buffer.read(), capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""A small process that measures the child: a large one's own memory would be counted with it from the fork."""


def test_no_hostile_picture_takes_much_memory(subtests: pytest.Subtests) -> None:
    for what in ("a PNG of 7,000 × 7,000", "a PNG of 100,000,000 × 1", "200 MB of text in a PNG", "zeros"):
        with subtests.test(what):
            command = [sys.executable, "-c", MEASURE, str(photos.CHILD)]
            answer = subprocess.run(command, input=HOSTILE[what](), capture_output=True, check=True)
            assert int(answer.stdout) < MEMORY_KB


GOOD = {
    "a JPEG": lambda: picture(),
    "a grey JPEG": lambda: picture(mode="L"),
    "a CMYK JPEG": lambda: picture(mode="CMYK"),
    "a progressive JPEG": lambda: picture(progressive=True),
    "a PNG with holes": lambda: picture("PNG", mode="RGBA"),
    "a PNG with a palette": lambda: picture("PNG", mode="P"),
    "a PNG of 16 bits": lambda: picture("PNG", mode="I;16"),
    "a WebP": lambda: picture("WEBP"),
    "one pixel": lambda: picture("PNG", (1, 1)),
    "12 megapixels of a telephone": lambda: picture(size=(4_000, 3_000)),
    "a JPEG with a program behind it": lambda: picture() + b"PK\x03\x04" + SVG,
}


@pytest.mark.parametrize("what", GOOD)
def test_a_good_picture_comes_back_as_a_clean_jpeg(what: str) -> None:
    photo = photos.decode(GOOD[what]())
    with Image.open(io.BytesIO(photo.jpeg)) as image:
        assert image.format == "JPEG" and image.mode == "RGB" and image.size == (photo.width, photo.height)
        assert max(image.size) <= 2048 and not image.getexif() and "comment" not in image.info
    assert photo.jpeg.endswith(b"\xff\xd9") and b"<script>" not in photo.jpeg


def test_a_photo_is_turned_upright_and_says_no_more_where_it_was_taken() -> None:
    raw = with_exif()
    assert b"Maker of the telephone" in raw
    photo = photos.decode(raw)
    assert (photo.width, photo.height) == (480, 640) and b"Maker" not in photo.jpeg


def test_a_decoder_without_limits_would_be_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The planted fault: a child that takes any size decodes the bomb instead of refusing it."""
    careless = photos.CHILD.read_text().replace("PIXELS = 36_000_000", "PIXELS = 10**12")
    child = tmp_path / "child.py"
    child.write_text(careless.replace("MEMORY = 320", "MEMORY = 4096"))
    monkeypatch.setattr(photos, "CHILD", child)
    raw = png_bomb(7_000, 2_900)  # complete, so that only its size is against it
    assert photos.decode(raw).width == 2048
    monkeypatch.undo()
    assert photos.decode(raw).width == 2048  # 20 megapixels are taken as well
    with pytest.raises(Problem):
        photos.decode(png_bomb(14_000, 2_900))


# --- over the API ----------------------------------------------------------------------------------------------------


@pytest.fixture
def app(county_store: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(county_store)
    with web(county_store, tmp_path, HeardNews()) as app:
        yield app


def filed(client: FlaskClient, headers: dict[str, str], **more: Any) -> str:
    return str(client.post("/api/v1/reports", json=report(**more), headers=headers).get_json()["code"])


def sent(client: FlaskClient, code: str, raw: bytes, headers: dict[str, str]) -> TestResponse:
    form = {"file": (io.BytesIO(raw), "../../etc/passwd.jpg")}
    return client.post(f"/api/v1/cases/{code}/attachments", data=form, headers=headers)


def test_a_photo_is_kept_under_its_digest_and_the_same_one_once(app: Flask, county_store: Store) -> None:
    client = app.test_client()
    token = bearer(add_token(county_store, "report", "read"))
    code = filed(client, token)
    first, again = (sent(client, code, GOOD["a JPEG with a program behind it"](), token) for _ in range(2))
    assert first.status_code == 201
    row = first.get_json()
    shown = client.get(row["url"], headers=token)
    assert shown.status_code == 200 and shown.mimetype == "image/jpeg" and len(shown.data) == row["size"]
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert again.status_code in (200, 201)
    whole = client.get(f"/api/v1/cases/{code}", headers=token).get_json()
    assert [photo["digest"] for photo in whole["attachments"]].count(row["digest"]) == 1


def test_only_who_may_see_the_case_sees_its_photos(app: Flask, county_store: Store) -> None:
    operator = browser(app, county_store, "operator")
    code = filed(operator, OWN, area=None, longitude=112.9, latitude=30.6)
    row = sent(operator, code, picture(), OWN).get_json()
    allowed = {
        who: browser(app, county_store, who).get(row["url"]).status_code
        for who in ("operator", "duty", "leader", "grid", "department", "display", "admin")
    }
    assert allowed["operator"] == allowed["duty"] == allowed["leader"] == 200
    assert allowed["grid"] == 404 and allowed["display"] == allowed["admin"] == 403
    assert allowed["department"] in (200, 404)
    assert app.test_client().get(row["url"]).status_code == 401
    for digest in ("0" * 64, "..%2f..%2fsecret-key", "a%00", "A" * 64, row["digest"][:-1]):
        assert operator.get(f"/attachments/{digest}").status_code == 404


def test_what_is_no_photo_is_refused_with_its_field(app: Flask, county_store: Store, subtests: pytest.Subtests) -> None:
    client, token = app.test_client(), bearer(add_token(county_store, "report"))
    code = filed(client, token)
    for what in ("nothing at all", "an SVG with a script", "half a JPEG", "a PNG of 30,000 × 30,000"):
        with subtests.test(what):
            answer = sent(client, code, HOSTILE[what](), token)
            assert answer.status_code == 422 and problem(answer)["field"] == "file"
    empty = client.post(f"/api/v1/cases/{code}/attachments", data={"other": "x"}, headers=token)
    assert empty.status_code == 422 and problem(empty)["field"] == "file"
    large = sent(client, code, b"\xff\xd8" + b"\0" * 12_500_000, token)
    assert large.status_code == 413 and problem(large)


def test_a_system_adds_photos_only_to_what_it_reported(app: Flask, county_store: Store) -> None:
    client, ours = app.test_client(), bearer(add_token(county_store, "report"))
    theirs = bearer(add_token(county_store, "report", name="another"))
    code = filed(client, ours)
    assert sent(client, code, picture(), theirs).status_code == 404
    assert sent(client, code, picture(), ours).status_code == 201


def test_a_case_takes_no_more_than_twenty_photos(app: Flask, county_store: Store, monkeypatch: Any) -> None:
    client, token = app.test_client(), bearer(add_token(county_store, "report"))
    code = filed(client, token)
    numbers = iter(range(100))
    monkeypatch.setattr(photos, "decode", lambda raw: photos.Photo(1, 1, b"%d" % next(numbers)))
    answers = [sent(client, code, b"x", token).status_code for _ in range(21)]
    assert answers == [201] * 20 + [422]


def test_a_full_disk_is_said_and_nothing_is_half_written(app: Flask, county_store: Store, monkeypatch: Any) -> None:
    client, token = app.test_client(), bearer(add_token(county_store, "report", "read"))
    code = filed(client, token)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dashboard.photos.os.fsync", full)
    answer = sent(client, code, picture(), token)
    assert answer.status_code == 507 and problem(answer)
    folder = app.extensions["gridcommand"].data / "attachments"
    assert [file for file in folder.rglob("*") if file.is_file()] == []


def notes(page: str) -> str:
    """What the page tells its reader once."""
    return page.partition('<div class="notes">')[2].partition("</div>")[0]


def test_a_grid_workers_photo_comes_with_the_report(app: Flask, county_store: Store) -> None:
    worker = browser(app, county_store, "grid")
    form: dict[str, Any] = {"csrf_token": form_token(worker), "key": "k1", "category": "010101", "area": GRID}
    form |= {"description": "井盖松动", "file": (io.BytesIO(picture()), "a.jpg")}
    answer = worker.post("/grid/reports", data=form, headers={"Origin": ORIGIN})
    assert answer.status_code == 303
    page = worker.get("/grid").get_data(as_text=True)
    assert "已上报" in notes(page) and "井盖松动" in page
    assert "已上报" not in notes(worker.get("/grid").get_data(as_text=True))
    codes = worker.get("/api/v1/cases").get_json()["cases"]
    assert len(worker.get(f"/api/v1/cases/{codes[0]['code']}").get_json()["attachments"]) == 1
    broken = {**form, "key": "k2", "csrf_token": form_token(worker), "file": (io.BytesIO(b"no"), "a.jpg")}
    assert worker.post("/grid/reports", data=broken, headers={"Origin": ORIGIN}).status_code == 303
    assert "照片没有收下" in worker.get("/grid").get_data(as_text=True)
    wrong = worker.post(
        "/grid/reports", data={"csrf_token": form_token(worker), "area": GRID}, headers={"Origin": ORIGIN}
    )
    assert wrong.status_code == 422 and "请选择类别" in wrong.get_data(as_text=True)
