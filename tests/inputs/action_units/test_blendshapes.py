import numpy as np
import pytest

from tests.inputs.landmarks.drawn import drawn_person
from transferpain.inputs.action_units.blendshapes import BLENDSHAPES_OF, blendshape_intensities
from transferpain.inputs.action_units.mesh import load_still_mesh, stack_meshes
from transferpain.inputs.action_units.units import UNITS
from transferpain.inputs.landmarks.blendshapes import BLENDSHAPES


def test_every_unit_has_blendshapes_that_exist():
    assert tuple(BLENDSHAPES_OF) == UNITS
    assert all(set(names) <= set(BLENDSHAPES) for names in BLENDSHAPES_OF.values())


def test_the_mean_of_both_sides_is_put_on_the_scale_of_the_unit():
    scores = np.zeros((3, 52), np.float32)
    scores[0, BLENDSHAPES.index("mouthSmileLeft")] = 0.5
    scores[1, [BLENDSHAPES.index(f"eyeBlink{side}") for side in ("Left", "Right")]] = 1
    scores[2] = np.nan
    guessed = blendshape_intensities(scores)
    assert guessed.shape == (3, len(UNITS))
    assert guessed.dtype == np.float64
    assert dict(zip(UNITS, guessed[0], strict=True)) == dict.fromkeys(UNITS, 0) | {12: 1.25}
    assert dict(zip(UNITS, guessed[1], strict=True)) == dict.fromkeys(UNITS, 0) | {43: 1}
    assert np.isnan(guessed[2]).all()
    np.testing.assert_array_equal(blendshape_intensities(scores[0]), guessed[0])


# Cheeks, nose, upper lip and brows are left out: their blendshapes hardly follow what is drawn there.
@pytest.mark.parametrize(("unit", "drawn", "rises"), [(7, 5, 0.4), (12, 5, 1.1), (26, 5, 0.45), (43, 1, 0.25)])
def test_a_blendshape_rises_with_its_drawn_unit(unit, drawn, rises):
    find = load_still_mesh()
    pictures = [drawn_person(number, {f"AU{unit}": value}) for number in (1, 4) for value in (0, drawn)]
    calm, moved, other_calm, other_moved = blendshape_intensities(
        stack_meshes([find(picture) for picture in pictures]).blendshapes
    )[:, UNITS.index(unit)]
    assert min(moved - calm, other_moved - other_calm) > rises
