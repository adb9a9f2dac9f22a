import pytest

from tests.experiments.caches.made import FORMER, add_faces
from transferpain.inputs.faces.makers import LOOKED_AT, former_makers, makers, name_of, version_of


@pytest.mark.parametrize(
    ("identity", "name", "version"),
    [
        ("mediapipe 0.10.21", "mediapipe", (0, 10, 21)),
        ("mediapipe 1.2.3 face mesh", "mediapipe", (1, 2, 3)),
        ("dlib 20.0.1.post1", "dlib", (20, 0, 1, 1)),
        ("dlib", "dlib", ()),
        ("", "", ()),
    ],
)
def test_an_identity_is_a_name_and_a_version(identity, name, version):
    assert (name_of(identity), version_of(identity)) == (name, version)


def test_former_makers_are_other_versions_of_the_same_library(tmp_path):
    for content, identity in enumerate((FORMER, FORMER, "mediapipe 0.9", "mediapipe 1.2.3", "dlib 19.0")):
        add_faces(tmp_path, str(content), identity)
    broken = tmp_path / "faces" / "aa" / "broken.parquet"
    broken.parent.mkdir(exist_ok=True)
    broken.write_text("no parquet")
    assert former_makers(tmp_path / "faces", "mediapipe 1.2.3") == [FORMER, "mediapipe 0.9"]
    assert former_makers(tmp_path / "faces", "face_alignment 1") == []
    assert former_makers(tmp_path / "nowhere", "mediapipe 1.2.3") == []


def test_a_large_cache_is_not_read_whole(tmp_path):
    path = add_faces(tmp_path, "one", FORMER)
    for number in range(3 * LOOKED_AT):
        path.with_name(f"{number}.parquet").write_bytes(path.read_bytes())
    assert len(list(makers(tmp_path / "faces"))) == LOOKED_AT
