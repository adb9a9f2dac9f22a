import keras
import numpy as np
import pytest

from tests.apps.serve.drawn import PAIN, draw_person
from tests.apps.serve.hybrid_bundles import draw_models, save_hybrid
from tests.apps.serve.image_bundles import PREPROCESSING, save_network, small_network
from tests.models.bundles.bundles import vouch_again
from transferpain.apps.serve.answers import DRAWN, RESEARCH
from transferpain.apps.serve.choose_assessor import load_assessor
from transferpain.apps.serve.cnn_assessor import CnnAssessor
from transferpain.apps.serve.hybrid_assessor import HybridAssessor
from transferpain.core.errors import UserError
from transferpain.inputs.action_units.measures import estimate, shipped_measures
from transferpain.inputs.action_units.mesh import NO_MESH, load_still_mesh, stack_meshes
from transferpain.inputs.action_units.units import UNITS
from transferpain.inputs.faces.crop import crop_face
from transferpain.inputs.faces.detectors import load_detector
from transferpain.models.bundles.manifest import load_manifest
from transferpain.strategies.hybrid.models import FaceMeasurements
from transferpain.strategies.hybrid.settings import TITLES

WALL = np.full((240, 320, 3), 90, np.uint8)
# The graph may compute in bfloat16; trees may then take another branch for a face at its edge.
CLOSE, CLOSE_TREES = 0.03, 0.15

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return save_hybrid(tmp_path_factory.mktemp("bundles") / "hybrid", small_network(), PREPROCESSING)


@pytest.fixture(scope="module")
def assessor(bundle):
    return load_assessor(bundle)


def expected_answers(people) -> dict[str, np.ndarray]:
    """Return P(pain) by each model from its parts, one face after the other, in float32."""
    network = small_network()
    both = keras.Model(network.input, [network.get_layer("gap").output, network.output])
    find, detect = load_still_mesh(), load_detector("mediapipe")
    faces = [crop_face(person, detect(person)[:4], 0.25, PREPROCESSING.size) for person in people]
    embedding, probabilities = both.predict(np.stack(faces) / np.float32(255), verbose=0)
    units = estimate(stack_meshes([find(person) for person in people])).intensities.to_numpy()
    return draw_models(embedding.shape[1]).answers(
        FaceMeasurements(units, embedding, probabilities[:, 1].astype(float))
    )


def test_each_model_says_of_each_face_what_its_parts_say(assessor):
    people = [draw_person(number, PAIN if number % 2 else {}) for number in range(4)]
    answers = assessor.assess([*people[:2], WALL, *people[2:]])
    assert answers.pop(2).error == "no-face"
    said = {
        name: [next(one.p_pain for one in answer.models if one.name == name) for answer in answers] for name in TITLES
    }
    expected = expected_answers(people)
    assert np.ptp(expected["units"]) > 0.1
    assert said["units"] == pytest.approx(expected["units"])
    assert said["cnn"] == pytest.approx(expected["cnn"], abs=CLOSE)
    assert said["hybrid"] == pytest.approx(expected["hybrid"], abs=CLOSE_TREES)


def test_what_an_answer_states(assessor, bundle):
    (answer,) = assessor.assess([draw_person()])
    assert isinstance(assessor, HybridAssessor)
    assert [(model.name, model.title) for model in answer.models] == list(TITLES.items())
    thresholds = load_manifest(bundle)["hybrid"]["thresholds"]
    for model in answer.models:
        assert model.threshold == thresholds[model.name]
        assert model.label == ("pain" if model.p_pain >= model.threshold else "no pain")
        assert model.probabilities["pain"] == pytest.approx(model.p_pain, abs=1e-6)
    assert (answer.main, answer.p_pain) == ("hybrid", answer.models[-1].p_pain)
    assert (answer.coverage, answer.synthetic, answer.notices) == (1, True, [RESEARCH, DRAWN])
    assert [unit.unit for unit in answer.action_units] == list(UNITS)
    assert {unit.unit: (unit.measure, unit.standing) for unit in answer.action_units} == dict(shipped_measures())
    assert "proxies" in answer.action_units_from
    assert "blendshapes" in answer.action_units_from


def test_without_a_mesh_the_network_answers_alone(assessor, monkeypatch):
    look = assessor.crops.look

    def without_mesh(picture):
        found = look(picture)
        return type(found)(found.detection, NO_MESH, found.size)

    monkeypatch.setattr(assessor, "crops", type(assessor.crops)(assessor.crops.preprocessing, without_mesh))
    (answer,) = assessor.assess([draw_person()])
    assert [model.label is None for model in answer.models] == [True, False, True]
    assert (answer.label, answer.p_pain, answer.action_units) == (None, None, [])
    assert answer.coverage == pytest.approx(1 / 3)


def test_a_network_alone_is_served_as_such(tmp_path):
    assert isinstance(load_assessor(save_network(tmp_path / "network")), CnnAssessor)


@pytest.mark.parametrize("wrong", [{"estimator": "openface"}, {"embedding": "conv"}, {"units": [4, 12]}])
def test_models_that_read_something_else_are_refused(wrong, tmp_path):
    bundle = save_hybrid(tmp_path / "bundle", small_network(), PREPROCESSING)
    vouch_again(bundle, hybrid=load_manifest(bundle)["hybrid"] | wrong)
    with pytest.raises(UserError, match="read what is not measured here"):
        load_assessor(bundle)


@pytest.mark.parametrize(
    ("stated", "received"),
    [
        ({"measures_hash": "0123456789abcdef"}, "AU12 by blendshape.*hash 0123456789abcdef"),
        # As they were written when every unit was a proxy, of another mesh.
        ({"estimator": "proxy", "measures": {}, "measures_hash": ""}, "2 classes, proxy, AU4"),
    ],
)
def test_models_of_other_measures_are_refused(stated, received, tmp_path):
    bundle = save_hybrid(tmp_path / "bundle", small_network(), PREPROCESSING)
    vouch_again(bundle, hybrid=load_manifest(bundle)["hybrid"] | stated)
    with pytest.raises(UserError, match=f"(?s){received}.*Train the models again"):
        load_assessor(bundle)
