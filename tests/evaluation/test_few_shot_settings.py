import pytest
from pydantic import ValidationError

from transferpain.evaluation.few_shot_settings import FewShotSettings


def test_clips_ascend_from_none():
    assert FewShotSettings(clips=[0, 3, 4]).clips == (0, 3, 4)
    assert FewShotSettings().clips == (0, 1, 2, 5, 10)


@pytest.mark.parametrize("clips", [[], [0], [1, 2], [0, 2, 1], [0, 1, 1], [0, -1], [0, 101], [0, True], [0, 1.5], 5])
def test_other_numbers_are_refused(clips):
    with pytest.raises(ValidationError):
        FewShotSettings(clips=clips)


def test_an_unknown_key_is_refused():
    with pytest.raises(ValidationError, match="numbers"):
        FewShotSettings(numbers=[0, 1])
