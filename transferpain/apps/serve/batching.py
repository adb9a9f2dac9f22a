"""One thread that assesses: whatever waits when it is free goes through the network together."""

import asyncio
import queue
import threading
from concurrent.futures import Future

import numpy as np

from transferpain.apps.serve.answers import Assessment
from transferpain.apps.serve.assessor import Assessor
from transferpain.apps.serve.refusals import Refusal

LARGEST_BATCH = 8
LAST_BATCH_SECONDS = 1.5


class Batcher:
    """Takes pictures from many requests to the assessor's one thread.

    It waits for nobody: a picture that comes alone is assessed alone, and those that come meanwhile go next.
    """

    def __init__(self, assessor: Assessor):
        """Start nothing yet; see `start`."""
        self._assessor = assessor
        self._waiting: queue.SimpleQueue[tuple[np.ndarray, Future] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="assessor", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, seconds: float = LAST_BATCH_SECONDS) -> None:
        """Let the thread finish what waits, and end; after these seconds it is left to end with the process."""
        self._waiting.put(None)
        self._thread.join(seconds)

    async def assess(self, picture: np.ndarray) -> Assessment:
        """Return the answer to one picture; one that is cancelled before its turn costs nothing.

        Raises:
            Refusal: if the assessor refuses the picture.
        """
        future: Future = Future()
        self._waiting.put((picture, future))
        answer = await asyncio.wrap_future(future)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def _work(self) -> None:
        ended = False
        while not ended:
            batch = [self._waiting.get()]
            while len(batch) < LARGEST_BATCH and not self._waiting.empty():
                batch.append(self._waiting.get())
            ended = None in batch
            # A future that was cancelled says no here.
            asked = [job for job in batch if job is not None and job[1].set_running_or_notify_cancel()]
            if asked:
                self._answer([picture for picture, _ in asked], [future for _, future in asked])

    def _answer(self, pictures: list[np.ndarray], futures: list[Future]) -> None:
        try:
            answered = list(zip(futures, self._assessor.assess(pictures), strict=True))
        except Exception as error:  # a fault of ours is told to those who wait for it, and the next ones are served
            for future in futures:
                future.set_exception(error)
            return
        for future, answer in answered:
            future.set_result(answer)
