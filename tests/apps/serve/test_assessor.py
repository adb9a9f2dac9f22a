import numpy as np
import pytest

from tests.apps.serve.drawn import FACTS
from transferpain.apps.serve.assessor import assessment, model_answer
from transferpain.apps.serve.face_finding import Look
from transferpain.inputs.action_units.mesh import NO_MESH
from transferpain.inputs.faces.detectors import Detection

RULE, NEVER = FACTS.models
LOOK = Look(Detection(80, 60, 240, 180, 0.9), NO_MESH, (320, 240))


@pytest.mark.parametrize(("p_pain", "label"), [(0.49, "no pain"), (0.5, "pain"), (1.0, "pain"), (0.0, "no pain")])
def test_a_model_says_pain_from_its_threshold_on(p_pain, label):
    answer = model_answer(RULE, p_pain, (1 - p_pain, p_pain))
    assert (answer.name, answer.label, answer.p_pain, answer.threshold) == ("rule", label, p_pain, 0.5)
    assert answer.probabilities == {"no pain": 1 - p_pain, "pain": p_pain}


def test_a_model_that_cannot_look_says_nothing():
    answer = model_answer(NEVER, None, ())
    assert (answer.label, answer.p_pain, answer.probabilities) == (None, None, {})


@pytest.mark.parametrize("of_classes", [(0.5,), (0.2, 0.3, 0.5)])
def test_probabilities_are_one_for_each_class(of_classes):
    with pytest.raises(ValueError, match="zip"):
        model_answer(RULE, 0.5, of_classes)


@pytest.mark.parametrize("p_pain", [-0.1, 1.1, np.nan])
def test_no_answer_is_beyond_what_a_probability_is(p_pain):
    with pytest.raises(ValueError, match="p_pain"):
        model_answer(RULE, p_pain, (0.5, 0.5))


def test_the_answer_to_a_picture_is_that_of_the_main_model():
    answer = assessment(FACTS, LOOK, [model_answer(NEVER, None, ()), model_answer(RULE, 0.75, (0.25, 0.75))])
    assert (answer.label, answer.p_pain, answer.threshold, answer.main) == ("pain", 0.75, 0.5, "rule")
    assert [model.name for model in answer.models] == ["never", "rule"]
    assert answer.coverage == 0.5
    assert (answer.model_version, answer.synthetic, answer.notices) == (FACTS.model_version, True, FACTS.notices)
    assert (answer.face.left, answer.face.top, answer.face.right, answer.face.bottom) == (0.25, 0.25, 0.75, 0.75)


def test_a_face_without_a_mesh_has_no_action_units_and_no_regions():
    answer = assessment(FACTS, LOOK, [model_answer(RULE, None, ())])
    assert (answer.action_units, answer.regions) == ([], [])
    assert (answer.label, answer.p_pain, answer.coverage) == (None, None, 0.0)
