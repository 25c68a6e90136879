"""The child process that decodes a stranger's picture: a picture on stdin, a clean JPEG on stdout, and nothing else.

It runs on its own with limits on memory and time, imports nothing of the product, opens no file and no socket, and dies
without harm. Exit 0: stdout holds `WIDTH HEIGHT\\n` and the JPEG. Exit 3: stderr holds the word for why not.
"""

from __future__ import annotations

import io
import resource
import sys

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

MEMORY = 320 * 2**20
"""Bytes of address space: enough for the largest picture taken, and little more."""
SECONDS = 5
PIXELS = 36_000_000
EDGE = 2048
"""Pixels of the longer edge of what is kept."""
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 85


class Refusal(Exception):
    """Why a picture is not taken, in one word."""


def limit() -> None:
    """Limit this process before it sees a byte of the picture."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def clean(raw: bytes) -> tuple[int, int, bytes]:
    """Width, height and the JPEG: upright, at most 2048 px, without any metadata.

    Raises:
        Refusal: no picture, another format, too many pixels, or broken off.
    """
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = PIXELS
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as image:
            if image.width * image.height > PIXELS:
                raise Refusal("too-many-pixels")
            image.draft("RGB", (EDGE, EDGE))  # lets a JPEG be decoded small
            image.load()
            image.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS)
            plain = _opaque(ImageOps.exif_transpose(image))
    except Refusal:
        raise
    except UnidentifiedImageError as error:
        raise Refusal("no-picture") from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise Refusal("too-many-pixels") from error
    except Exception as error:
        raise Refusal("broken") from error
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    return plain.width, plain.height, out.getvalue()


def _opaque(image: Image.Image) -> Image.Image:
    """RGB; what was transparent is white. A new picture, so that nothing but pixels comes along."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        plain = Image.new("RGB", layer.size, "white")
        plain.paste(layer, mask=layer.getchannel("A"))
        return plain
    plain = Image.new("RGB", image.size)
    plain.paste(image.convert("RGB"))
    return plain


def main() -> int:
    """Read, clean, write."""
    limit()
    try:
        width, height, jpeg = clean(sys.stdin.buffer.read())
    except Refusal as refusal:
        sys.stderr.write(str(refusal))
        return 3
    except MemoryError:
        sys.stderr.write("too-many-pixels")
        return 3
    sys.stdout.buffer.write(f"{width} {height}\n".encode() + jpeg)
    return 0


if __name__ == "__main__":
    sys.exit(main())
