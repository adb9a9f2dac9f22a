import numpy as np
import pytest

from tests.apps.serve.drawn import PAIN, draw_person
from tests.apps.serve.image_bundles import PREPROCESSING, save_network, small_network
from transferpain.apps.serve.answers import DRAWN, RESEARCH, Assessment
from transferpain.apps.serve.cnn_assessor import CnnAssessor
from transferpain.apps.serve.pain_network import BATCHES
from transferpain.apps.serve.refusals import Refusal
from transferpain.inputs.faces.crop import crop_face
from transferpain.inputs.faces.detectors import load_detector
from transferpain.models.bundles.manifest import manifest_hash

WALL = np.full((240, 320, 3), 90, np.uint8)
# The graph may compute in bfloat16, with a precision of 1/256.
CLOSE = 0.03

pytestmark = pytest.mark.slow


def test_faces_go_through_the_network_as_one_by_one(tmp_path):
    assessor = CnnAssessor(save_network(tmp_path / "bundle"))
    people = [draw_person(number, PAIN if number % 2 else {}) for number in range(BATCHES[-1] + 1)]
    asked = [*people[:3], WALL, *people[3:], np.hstack([people[0]] * 3)]
    answers = assessor.assess(asked)
    refused = [position for position, answer in enumerate(answers) if isinstance(answer, Refusal)]
    assert refused == [3, len(asked) - 1]
    assert [answers[position].error for position in refused] == ["no-face", "several-faces"]
    said = np.array([answer.p_pain for answer in answers if isinstance(answer, Assessment)])
    faces = [crop_face(person, load_detector("mediapipe")(person)[:4], 0.25, PREPROCESSING.size) for person in people]
    expected = 1 - small_network().predict(np.stack(faces) / np.float32(255), verbose=0)[:, 0]
    assert np.ptp(expected) > 0.1
    assert said == pytest.approx(expected, abs=CLOSE)
    assert assessor.assess([people[0]])[0].p_pain == pytest.approx(expected[0], abs=CLOSE)
    assert assessor.assess([WALL])[0].error == "no-face"


def test_what_an_answer_states(tmp_path):
    bundle = save_network(tmp_path / "bundle", ("no pain", "low pain", "high pain"))
    assessor = CnnAssessor(bundle)
    (answer,) = assessor.assess([draw_person()])
    assert answer.model_version == manifest_hash(bundle) == assessor.facts.model_version
    assert (answer.synthetic, answer.notices, answer.coverage) == (True, [RESEARCH, DRAWN], 1)
    (cnn,) = answer.models
    assert (cnn.name, cnn.threshold, answer.main) == ("cnn", 0.5, "cnn")
    assert list(cnn.probabilities) == ["no pain", "low pain", "high pain"]
    assert sum(cnn.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert cnn.p_pain == pytest.approx(1 - cnn.probabilities["no pain"], abs=1e-6)
    assert cnn.label == ("pain" if cnn.p_pain >= 0.5 else "no pain")
    assert len(answer.action_units) == 9
    assert [region.name for region in answer.regions] == ["brows", "eyes", "cheeks", "nose", "mouth"]
    assessor.forward = lambda faces: np.full((len(faces), 3), np.nan, np.float32)
    (without,) = assessor.assess([draw_person()])
    assert (without.label, without.p_pain, without.models[0].probabilities, without.coverage) == (None, None, {}, 0)
    assert CnnAssessor(save_network(tmp_path / "real", synthetic=False)).facts.notices == [RESEARCH]
