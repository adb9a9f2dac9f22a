"""The table of drawing: which median stands where."""

from benchmarks.drawing import SIZES, table


def test_each_twin_has_its_medians_of_both_checkouts():
    there = [[1.0, 2, 3, 4, 10, 20, 30, 40], [3.0, 2, 3, 4, 10, 20, 30, 40], [9.0, 2, 3, 4, 90, 20, 30, 40]]
    here = [[5.25, 6, 7, 8, 50.6, 60, 70, 80]] * 3
    lines = table([list(turn) for turn in zip(there, here, strict=True)]).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [f"| {dataset}" for dataset in SIZES]
    assert lines[2] == "| biovid | 3.0 ms | 5.2 ms | 10 frames/s | 51 frames/s |"
    assert lines[5] == "| mintpain | 4.0 ms | 8.0 ms | 40 frames/s | 80 frames/s |"
