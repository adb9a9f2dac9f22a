"""How many frames videos have, counted before they are decoded; what their headers state is not believed."""

import operator
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from transferpain.core.file_state import file_state, has_settled
from transferpain.core.progress import progress_bar
from transferpain.data.media.medium import READER_IDENTITY, UnreadableMedium, check_file
from transferpain.data.media.memory import memory_of, recall, remember

# What takes about a second to read, and is worth a bar.
LONG_BYTES = 1e9


def too_short(wanted: Mapping[Path, int], cache: Path | None = None) -> dict[Path, int]:
    """Return the videos that have fewer frames than somebody counts on, with the number that they have.

    A container's packets are counted, which are as many as its frames, or more: some are never shown. Where they are
    too few, or parts of a video are cut off in its header, the frames are counted by the decoder, as the reader of all
    stages numbers them. A video that cannot be read is left out: that is told where it is used.

    Args:
        wanted: video -> how many frames it must have.
        cache: the cache folder, where counts are remembered while a file stays as it is; `None` counts anew.

    Raises:
        UserError: if what is remembered cannot be read.
    """
    return _counted_unless(operator.ge, wanted, cache)


def other_length(rows: Mapping[Path, int], cache: Path | None = None) -> dict[Path, int]:
    """Return the videos that have not just as many frames as somebody has rows of them, with the number that they have.

    Counted as in `too_short`, with its arguments and errors.
    """
    return _counted_unless(operator.eq, rows, cache)


def _counted_unless(
    is_right: Callable[[int, int], bool], wanted: Mapping[Path, int], cache: Path | None
) -> dict[Path, int]:
    from transferpain.core.quiet import silence_opencv

    silence_opencv()
    size = sum(path.stat().st_size for path in wanted if path.is_file())
    bar = progress_bar("frame numbers", len(wanted), "videos") if size > LONG_BYTES else nullcontext(lambda done: None)
    found = {}
    with bar as advance, ThreadPoolExecutor(os.cpu_count()) as threads:
        counts = threads.map(lambda one: _count(is_right, *one, cache), wanted.items())
        for (path, number), count in zip(wanted.items(), counts, strict=True):
            if count and not is_right(count, number):
                found[path] = count
            advance(1)
    return found


def _count(is_right: Callable[[int, int], bool], path: Path, wanted: int, cache: Path | None) -> int:
    """Return how many frames a video has, or packets if these are right; 0 if it cannot be read."""
    from transferpain.data.media.packets import is_trimmed, packet_times
    from transferpain.data.media.video import count_frames

    try:
        check_file(path)
        held = _remembered("packets", path, cache, lambda: len(packet_times(path)))
        if is_right(held, wanted) and not is_trimmed(path):
            return held
        return held and _remembered(f"frames of {READER_IDENTITY}", path, cache, lambda: count_frames(path))
    except (OSError, UnreadableMedium):
        return 0


def _remembered(what: str, path: Path, cache: Path | None, count: Callable[[], int]) -> int:
    if cache is None:
        return count()
    state = file_state(path)
    memory = memory_of(cache, [what, str(path.resolve()), state])
    if known := recall(memory, cache):
        return int(known, 16)
    number = count()
    if has_settled([state]) and file_state(path) == state:
        remember(memory, f"{number:x}")
    return number
