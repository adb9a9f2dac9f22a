import io
import json
import struct

import numpy as np
import pytest

from tests.apps.serve.drawn import draw_person, encode
from transferpain.apps.serve.decode_process import HEADER, run
from transferpain.apps.serve.pictures import decode_picture


def ask(*pictures: bytes) -> bytes:
    sent = b"".join(struct.pack(HEADER, len(one), 0) + one for one in pictures)
    answers = io.BytesIO()
    run(io.BytesIO(sent), answers, seconds=60)
    return answers.getvalue()


def test_pictures_and_refusals_come_back_in_their_order():
    file = encode(draw_person())
    answers = io.BytesIO(ask(b"no picture", file))
    kind, length = answers.read(1), struct.unpack(HEADER, answers.read(8))[0]
    refusal = json.loads(answers.read(length))
    assert (kind, refusal["status"], refusal["error"]) == (b"R", 415, "not-a-picture")
    assert answers.read(1) == b"P"
    height, width = struct.unpack(HEADER, answers.read(8))
    pixels = np.frombuffer(answers.read(), np.uint8).reshape(height, width, 3)
    np.testing.assert_array_equal(pixels, decode_picture(file))


def test_without_pictures_it_ends():
    assert ask() == b""


@pytest.mark.parametrize("length", [0, 1])
def test_a_picture_of_hardly_a_byte_is_refused(length):
    assert ask(b"\xff" * length)[:1] == b"R"
