"""From the bytes of a request to a picture, in memory only and within limits."""

import io

import numpy as np
from PIL import Image, ImageOps

from transferpain.apps.serve.refusals import Refusal

FORMATS = ("JPEG", "PNG", "WEBP")
JPEGS = ("JPEG", "MPO")
TYPES = ("image/jpeg", "image/png", "image/webp")
MOST_PIXELS = 25_000_000
# Larger pictures are reduced to it: a face has pixels enough left, and what waits in the queue is bounded.
LONGEST_SIDE = 1280
SMALLEST_SIDE = 32
START_OF_SCAN, MOST_SCANS = b"\xff\xda", 100
ADVICE = "Send one JPEG, PNG or WebP picture, whole and not animated."


def decode_picture(content: bytes) -> np.ndarray:
    """Return a picture as it is meant to be seen: turned as EXIF says, without transparency, 8 bits a channel.

    Args:
        content: a JPEG, PNG or WebP, told by its bytes.

    Returns:
        uint8 RGB `(height, width, 3)`, its longer side at most `LONGEST_SIDE`.

    Raises:
        Refusal: if it is something else, animated, cut short, or too large or too small.
    """
    try:
        # Its size is read from its head, before a pixel is.
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise too_many_pixels("more than can be opened safely") from error
    except Exception as error:  # Pillow's readers raise whatever a damaged head leads them to
        raise Refusal(
            415, "not-a-picture", "The body is no picture that can be read.", _rule(), _head(content), ADVICE
        ) from error
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise too_many_pixels(f"{width} x {height}")
    if min(width, height) < SMALLEST_SIDE:
        raise Refusal(
            422,
            "too-small",
            "The picture is too small.",
            f"Each side has at least {SMALLEST_SIDE} pixels.",
            f"{width} x {height}",
            "Send the picture in its original size.",
        )
    # Within the data of a scan these bytes cannot stand.
    scans = content.count(START_OF_SCAN) if image.format in JPEGS else 0
    if scans > MOST_SCANS:
        raise Refusal(
            422,
            "too-many-scans",
            "The picture is drawn over and over.",
            f"A JPEG has at most {MOST_SCANS} scans; programs write a dozen.",
            f"{scans} scans",
            "Save it again with another program, as a plain JPEG.",
        )
    # A JPEG of a phone may hold a second picture (MPO): the first one counts.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise Refusal(415, "animated", "The picture is animated.", _rule(), f"{image.n_frames} pictures in one", ADVICE)
    try:
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        image.load()
        image = ImageOps.exif_transpose(image)
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX)
        return _eight_bit_rgb(image)
    except Exception as error:  # as above
        raise Refusal(
            422, "damaged", "The picture cannot be decoded to its end.", _rule(), f"{len(content)} bytes", ADVICE
        ) from error


def too_many_pixels(received: str) -> Refusal:
    """Return the refusal of a picture that would need too much memory."""
    return Refusal(
        413,
        "too-many-pixels",
        "The picture has too many pixels.",
        f"It has at most {MOST_PIXELS / 1e6:.0f} million.",
        received,
        "Reduce it; 1280 pixels on the longer side are enough.",
    )


def _eight_bit_rgb(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I"):  # 16 bits: the upper 8, as elsewhere in the toolkit
        grey = (np.asarray(image, np.int64).clip(0, 65535) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    return np.array(image.convert("RGB"))


def _rule() -> str:
    return f"Pictures are {', '.join(FORMATS)}; one picture per request."


def _head(content: bytes) -> str:
    """Name a few kinds of files that people send; never a byte of the content."""
    known = {b"GIF8": "a GIF", b"%PDF": "a PDF", b"BM": "a BMP", b"II*": "a TIFF", b"MM": "a TIFF", b"<": "text"}
    kind = next((name for start, name in known.items() if content.startswith(start)), "something else")
    return "a HEIC or AVIF" if content[4:8] == b"ftyp" else f"{kind} of {len(content)} bytes"
