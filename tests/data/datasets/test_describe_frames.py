import pytest

from transferpain.data.datasets.describe_frames import describe_frames


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([4], "frame 4"),
        ([1, 2, 3], "frames 1-3"),
        ([1, 3, 4, 9], "frames 1, 3-4, 9"),
        (list(range(1, 20, 2)), "frames 1, 3, 5, 7, 9 and 5 more stretches"),
    ],
)
def test_stretches(numbers, words):
    assert describe_frames(numbers) == words
