"""The processes themselves; what they answer is tested beside `decode_process`."""

import asyncio
import os
import signal
import struct
import time
from contextlib import suppress

import numpy as np
import pytest

from tests.apps.serve.drawn import draw_person, encode
from tests.apps.serve.test_pictures import scans_of
from transferpain.apps.serve.decode_process import HEADER
from transferpain.apps.serve.decoding import Decoders
from transferpain.apps.serve.pictures import MOST_SCANS, decode_picture
from transferpain.apps.serve.refusals import Refusal


@pytest.mark.slow
def test_a_process_decodes_is_ended_when_it_takes_too_long_and_is_replaced():
    file = encode(draw_person())

    async def decode() -> None:
        decoders = Decoders(seconds=60)
        np.testing.assert_array_equal(await decoders.decode(file, "a"), decode_picture(file))
        (process,) = decoders._all
        with pytest.raises(Refusal):
            await decoders.decode(b"no picture", "a")
        decoders._seconds = 0.0
        begun = time.monotonic()
        with pytest.raises(Refusal) as caught:
            await decoders.decode(file, "a")
        assert caught.value.error == "too-much-work"
        assert time.monotonic() - begun < 5
        assert process.returncode is not None
        decoders._seconds = 60
        assert (await decoders.decode(file, "a")).shape == (240, 320, 3)
        (process,) = decoders._all
        process.kill()
        await process.wait()
        assert (await decoders.decode(file, "b")).shape == (240, 320, 3)
        (process,) = decoders._all
        await decoders.stop()
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)

    asyncio.run(decode())


@pytest.mark.slow
def test_two_clients_with_slow_pictures_delay_a_third_by_one_of_each_at_most():
    # So many pixels, drawn so often, take longer than they are given.
    slow = scans_of(MOST_SCANS - 10, np.zeros((5000, 5000, 3), np.uint8))
    answered = []

    async def ask(decoders: Decoders, client: str, content: bytes) -> None:
        with suppress(Refusal):
            await decoders.decode(content, client)
        answered.append(client)

    async def crowd() -> None:
        decoders = Decoders(seconds=1)
        slow_ones = [asyncio.create_task(ask(decoders, client, slow)) for client in "ab" * 3]
        await asyncio.sleep(0)
        await ask(decoders, "c", encode(draw_person()))
        for task in slow_ones:
            task.cancel()
        await asyncio.gather(*slow_ones, return_exceptions=True)
        await decoders.stop()

    asyncio.run(crowd())
    # Whoever is ended first makes room for the third: the other one may still be at work.
    assert answered[-1] == "c"
    assert sorted(set(answered)) == sorted(answered)


def test_a_process_whose_answer_nobody_reads_can_be_ended():
    """It is so where time is up just as a large picture comes back; a place among the decoders would be lost."""
    content = encode(np.zeros((2000, 2000, 3), np.uint8))

    async def end_unread() -> None:
        decoders = Decoders(seconds=10)
        process = await decoders._start()
        process.stdin.write(struct.pack(HEADER, len(content), 0) + content)
        await asyncio.sleep(2)
        await asyncio.wait_for(decoders._end(process), 20)
        assert process.returncode == -signal.SIGKILL

    asyncio.run(end_unread())
