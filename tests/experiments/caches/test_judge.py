from importlib.metadata import version

import pytest

from transferpain.experiments.caches.judge import Present, find_present
from transferpain.inputs.faces.detectors import detector_identity
from transferpain.inputs.landmarks.mesh import mesh_identity

HERE = Present({"mediapipe": "mediapipe 1.2.3", "face_alignment": None}, {})


@pytest.mark.parametrize(
    ("identity", "state", "why"),
    [
        ("mediapipe 1.2.3", "usable", ""),
        ("mediapipe 0.10.21", "former", "mediapipe 0.10.21 is not installed; mediapipe 1.2.3 is"),
        ("mediapipe 1.2.3 of a file 64184e", "kept", "not made by a former version"),
        ("mediapipe 1.10.0", "kept", "not made by a former version"),
        ("face_alignment 1.5.0", "kept", "face_alignment is not installed here"),
        ("retinaface 1", "kept", "retinaface is not known to this version"),
        ("mediapipe", "former", "mediapipe is not installed"),
        ("", "kept", "not known"),
    ],
)
def test_only_former_versions_of_what_is_installed_are_of_no_use(identity, state, why):
    judged = HERE.judge(identity, "shown", HERE.detectors)
    assert (judged.made, judged.state) == ("shown", state)
    assert why in judged.why


def test_what_is_installed_is_found():
    present = find_present()
    assert present.detectors["mediapipe"] == detector_identity("mediapipe")
    assert present.detectors["dlib"] == f"dlib {version('dlib-bin')}"
    assert present.meshes == {"mediapipe": mesh_identity()}
