import pytest

from transferpain.edge.lite import EDGE, check_encoder
from transferpain.errors import UserError
from transferpain.store import file_hash, write_json

DIGEST = "ab" * 32


def write_encoder(folder, **changes):
    file = folder / "encoder-int8.tflite"
    file.write_bytes(b"a converted network")
    row = {"part": "encoder", "kind": "int8", "file": file.name, "sha256": file_hash(file)} | changes
    rows = [{"part": "encoder", "kind": "keras float32", "file": "", "sha256": ""}, row]
    write_json(folder / EDGE, {"model": DIGEST, "rows": rows})
    return file


def test_an_encoder_of_the_model_is_taken(tmp_path):
    check_encoder(write_encoder(tmp_path), DIGEST)


@pytest.mark.parametrize("changes", [{"sha256": "0" * 64}, {"part": "head"}, {"file": "another.tflite"}])
def test_a_file_that_is_not_as_it_was_written_is_refused(tmp_path, changes):
    with pytest.raises(UserError, match=r"not an encoder of this model[\s\S]*export-edge"):
        check_encoder(write_encoder(tmp_path, **changes), DIGEST)


def test_another_model_s_file_is_refused(tmp_path):
    with pytest.raises(UserError, match="not an encoder of this model"):
        check_encoder(write_encoder(tmp_path), "cd" * 32)


@pytest.mark.parametrize("content", ["", "[]", "not json", '{"rows": [], "model": 1}'])
def test_a_file_that_nothing_vouches_for_is_refused(tmp_path, content):
    file = write_encoder(tmp_path)
    (tmp_path / EDGE).write_text(content)
    with pytest.raises(UserError, match="not an encoder of this model"):
        check_encoder(file, DIGEST)
    (tmp_path / EDGE).unlink()
    with pytest.raises(UserError, match="not an encoder of this model"):
        check_encoder(file, DIGEST)
