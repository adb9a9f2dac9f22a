from pathlib import Path

from transferpain.core.store import DAY_SECONDS
from transferpain.experiments.caches.entries import CachedFile, Entry
from transferpain.experiments.caches.summary import age, strange_lines, summary_rows


def seen(name: str, size: int, days: float, now: float = 1e9) -> CachedFile:
    return CachedFile(Path(name), 1, size, int((now - days * DAY_SECONDS) * 1e9))


def test_what_is_alike_is_one_row(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1e9)
    entries = [Entry("faces", (seen(str(one), 10**6, one),), "mediapipe 1", "usable", "") for one in (0, 3, 9)]
    entries += [Entry("faces", (seen("x", 5000, 2), seen("y", 5000, 2)), "mediapipe 0", "former", "not installed")]
    assert summary_rows(entries) == [
        ["faces", "mediapipe 0", "2", "0.01", "2 d", "former: not installed"],
        ["faces", "mediapipe 1", "3", "3.00", "0-9 d", "usable"],
    ]


def test_a_file_from_the_future_is_new_and_an_unreadable_one_has_no_age():
    assert age([seen("a", 1, 0, now=1e11)]) == "0 d"
    assert age([CachedFile(Path("a"), 0, 0, 0)]) == "-"


def test_the_first_strange_files_are_named():
    entries = [Entry("faces", (seen(str(one), 1, 0),), "", "foreign", "") for one in range(7)]
    assert strange_lines(entries) == [*(f"foreign: {one}" for one in range(5)), "... and 2 more"]
    assert strange_lines([Entry("faces", (seen("a", 1, 0),), "", "usable", "")]) == []
