"""Pictures are decoded by processes that can be ended: no picture, however it is made, holds the server."""

import asyncio
import json
import signal
import struct
import sys
from contextlib import suppress
from weakref import WeakValueDictionary

import numpy as np

from transferpain.apps.serve.decode_process import HEADER, PICTURE, READY, REFUSED
from transferpain.apps.serve.refusals import Refusal

DECODERS = 2  # pictures that are decoded at a time: each may need ten times what is kept of it
DECODE_SECONDS = 5
START_SECONDS = 60  # of a process, on a machine that is busy


class Decoders:
    """Up to `DECODERS` processes, started when they are needed; a client keeps one of them busy at a time.

    Clients take turns, so that each other one's next picture, and no more of it, may be decoded before yours: two who
    send nothing but slow ones delay a third by `seconds`, and the start of a process in the place of each that was
    ended.
    """

    def __init__(self, seconds: float = DECODE_SECONDS):
        """Start nothing yet.

        Args:
            seconds: within which a picture has to be decoded.
        """
        self._seconds = seconds
        self._idle: list[asyncio.subprocess.Process] = []
        self._all: set[asyncio.subprocess.Process] = set()
        self._free = asyncio.Semaphore(DECODERS)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def decode(self, content: bytes, client: str) -> np.ndarray:
        """Return a picture as `pictures.decode_picture` does.

        Args:
            content: the bytes of a file.
            client: whose picture it is.

        Raises:
            Refusal: as `decode_picture`; or if it takes too long, or more memory than a picture needs.
        """
        turn = self._turns.setdefault(client, asyncio.Lock())
        async with turn, self._free:
            process = self._waiting_one() or await self._start()
            try:
                async with asyncio.timeout(self._seconds):
                    answer = await _exchange(process, content)
            except BaseException as error:
                await self._end(process)
                if isinstance(error, TimeoutError | EOFError | ConnectionError):
                    raise _too_much_work(self._seconds) from error
                raise
            self._idle.append(process)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    async def stop(self) -> None:
        """End all processes, at once."""
        for process in list(self._all):
            await self._end(process)

    def _waiting_one(self) -> asyncio.subprocess.Process | None:
        """Return a process that waits for a picture; those that the system has ended meanwhile are passed over."""
        while self._idle:
            process = self._idle.pop()
            if process.returncode is None:
                return process
            self._all.discard(process)
        return None

    async def _start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "transferpain.apps.serve.decode_process", str(int(self._seconds) + 1)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the server alone
        )
        self._all.add(process)
        try:
            async with asyncio.timeout(START_SECONDS):
                await process.stdout.readexactly(len(READY))
        except BaseException:
            await self._end(process)
            raise
        return process

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        self._all.discard(process)
        if process in self._idle:
            self._idle.remove(process)
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        # An answer that nobody reads stops its pipe, and asyncio's `wait` waits until the pipe has come to its end.
        await process.communicate()


async def _exchange(process: asyncio.subprocess.Process, content: bytes) -> np.ndarray | Refusal:
    process.stdin.write(struct.pack(HEADER, len(content), 0) + content)
    await process.stdin.drain()
    kind = await process.stdout.readexactly(1)
    first, second = struct.unpack(HEADER, await process.stdout.readexactly(struct.calcsize(HEADER)))
    if kind == PICTURE:
        pixels = await process.stdout.readexactly(first * second * 3)
        return np.frombuffer(pixels, np.uint8).reshape(first, second, 3)
    if kind != REFUSED:
        raise EOFError
    return Refusal(**json.loads(await process.stdout.readexactly(first)))


def _too_much_work(seconds: float) -> Refusal:
    return Refusal(
        422,
        "too-much-work",
        "The picture cannot be decoded.",
        f"It is decoded within {seconds:g} s, and within the memory that a picture of its size needs.",
        "a picture that takes longer, or more",
        "Save it again with another program, as a plain JPEG.",
    )
