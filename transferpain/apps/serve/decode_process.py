"""The process in which pictures are decoded, one after the other: from standard input to standard output.

It says `READY` first: what it imports takes longer than a picture. A picture is sent as `HEADER` (its length, and 0)
and its bytes. It comes back as `PICTURE`, `HEADER` (height, width) and its RGB pixels, or as `REFUSED`, `HEADER`
(length, and 0) and the fields of the refusal as JSON.
"""

import json
import resource
import signal
import struct
import sys
from contextlib import suppress
from typing import BinaryIO

from transferpain.apps.serve.pictures import decode_picture
from transferpain.apps.serve.refusals import Refusal

HEADER = "<II"
PICTURE, REFUSED, READY = b"P", b"R", b"."
MOST_MEMORY = 2 << 30  # bytes; the largest picture that is read takes a fifth of it


def run(pictures: BinaryIO, answers: BinaryIO, seconds: int) -> None:
    """Decode pictures until there are no more of them; a picture that takes more seconds ends the process.

    Args:
        pictures, answers: what the other side writes, and reads.
        seconds: for a picture; also where the other side is no longer there to end it.
    """
    while header := pictures.read(struct.calcsize(HEADER)):
        content = pictures.read(struct.unpack(HEADER, header)[0])
        signal.alarm(seconds)
        try:
            pixels = decode_picture(content)
        except Refusal as refusal:
            fields = json.dumps({"status": refusal.status, **refusal.problem.model_dump()}).encode()
            answers.write(REFUSED + struct.pack(HEADER, len(fields), 0) + fields)
        else:
            answers.write(PICTURE + struct.pack(HEADER, *pixels.shape[:2]) + pixels.tobytes())
        answers.flush()
        signal.alarm(0)


if __name__ == "__main__":
    with suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    run(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]))
