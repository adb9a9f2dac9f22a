"""What a run has cost is summed over its sessions."""

from types import SimpleNamespace

import pytest

from transferpain.core.cost import COST, Cost, measured, read_cost
from transferpain.core.store import read_json


def test_sessions_are_summed(tmp_path):
    with measured(tmp_path) as meter:
        meter.count_embedded()
        meter.count_embedded()
    first = read_cost(tmp_path)
    with measured(tmp_path) as meter:
        meter.count_embedded()
        meter.count_needed(8)
    second = read_cost(tmp_path)
    assert (first.sessions, first.clips_embedded, first.clips_from_cache) == (1, 2, 0)
    # The two clips of the first session stand in the cache as well, but no other run computed them.
    assert (second.sessions, second.clips_embedded, second.clips_from_cache) == (2, 3, 5)
    assert second.seconds >= first.seconds >= 0
    assert set(read_json(tmp_path / COST)) == {"schema", "seconds", "sessions", "clips_embedded", "clips_from_cache"}


def test_a_killed_session_has_counted_its_clips(tmp_path):
    session = measured(tmp_path)
    session.__enter__().count_embedded()
    # Nothing is closed: so a killed process leaves it.
    assert (read_cost(tmp_path).sessions, read_cost(tmp_path).clips_embedded) == (1, 1)


def test_seconds_are_counted_once(tmp_path, monkeypatch):
    clock = iter([100.0, 100.0, 103.0, 107.5, 200.0, 200.0, 201.0])
    monkeypatch.setattr("transferpain.core.cost.time", SimpleNamespace(monotonic=lambda: next(clock)))
    with measured(tmp_path) as meter:
        meter.save()
        assert read_cost(tmp_path).seconds == 3.0
    assert read_cost(tmp_path).seconds == 7.5
    with measured(tmp_path):
        pass
    assert read_cost(tmp_path) == Cost(seconds=8.5, sessions=2)


def test_an_error_is_kept_and_what_was_done_is_written(tmp_path, monkeypatch):
    clock = iter([0.0, 0.0, 2.0])
    monkeypatch.setattr("transferpain.core.cost.time", SimpleNamespace(monotonic=lambda: next(clock)))
    with pytest.raises(KeyboardInterrupt), measured(tmp_path):
        raise KeyboardInterrupt
    assert read_cost(tmp_path) == Cost(seconds=2.0, sessions=1)


def test_where_nothing_can_be_written_the_first_error_stands(tmp_path):
    def fail_without_folder() -> None:
        with measured(tmp_path / "run"):
            (tmp_path / "run" / COST).unlink()
            (tmp_path / "run").rmdir()
            (tmp_path / "run").write_text("no folder")
            raise ValueError("the disk is gone")

    with pytest.raises(ValueError, match="the disk is gone"):
        fail_without_folder()


def test_an_older_run_has_no_cost(tmp_path):
    assert read_cost(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", bytes(80), b"\xff\xfe", b"[]", b"3", b'{"seconds": "x"}', b'{"a": 1}'])
def test_a_damaged_cost_is_begun_anew_with_a_note(content, tmp_path, capsys):
    (tmp_path / COST).write_bytes(content)
    with measured(tmp_path) as meter:
        meter.count_embedded()
    assert "is damaged: what the run cost is counted anew" in " ".join(capsys.readouterr().err.split())
    assert (read_cost(tmp_path).sessions, read_cost(tmp_path).clips_embedded) == (1, 1)


def test_a_folder_in_place_of_the_cost_makes_way(tmp_path):
    (tmp_path / COST / "kept").mkdir(parents=True)
    with measured(tmp_path):
        pass
    assert read_cost(tmp_path).sessions == 1
    assert (tmp_path / f"{COST}.damaged-1" / "kept").is_dir()
