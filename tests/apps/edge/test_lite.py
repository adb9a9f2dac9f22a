import os

import pytest

from transferpain.apps.edge.lite import EDGE, Converted, load_lite, read_converted
from transferpain.core.errors import UserError
from transferpain.core.store import file_hash, read_json, write_json

DIGEST = "ab" * 32


def write_encoder(folder, **changes):
    file = folder / "encoder-int8.tflite"
    file.write_bytes(b"a converted network")
    row = {"part": "encoder", "kind": "int8", "file": file.name, "sha256": file_hash(file)} | changes
    rows = [{"part": "encoder", "kind": "keras float32", "file": "", "sha256": ""}, row]
    write_json(folder / EDGE, {"model": DIGEST, "rows": rows})
    return file


def add_row(folder, **row):
    facts = read_json(folder / EDGE)
    write_json(folder / EDGE, facts | {"rows": [*facts["rows"], row]})


def test_an_encoder_of_the_model_is_taken(tmp_path):
    file = write_encoder(tmp_path)
    assert read_converted(file, DIGEST) == Converted("int8", b"a converted network", None)


def test_the_head_in_float32_is_taken_with_it(tmp_path):
    file = write_encoder(tmp_path)
    head = tmp_path / "head-float32.tflite"
    head.write_bytes(b"the rest of it")
    add_row(tmp_path, part="head", kind="int8", file="head-int8.tflite", sha256="0" * 64)
    add_row(tmp_path, part="head", kind="float32", file=head.name, sha256=file_hash(head))
    assert read_converted(file, DIGEST) == Converted("int8", b"a converted network", b"the rest of it")
    head.write_bytes(b"the rest of another")
    with pytest.raises(UserError, match="not an encoder of this model"):
        read_converted(file, DIGEST)
    head.unlink()
    with pytest.raises(UserError, match="not an encoder of this model"):
        read_converted(file, DIGEST)


def test_a_head_that_could_not_be_converted_is_not_there(tmp_path):
    file = write_encoder(tmp_path)
    add_row(tmp_path, part="head", kind="float32", file="", sha256="")
    assert read_converted(file, DIGEST).head is None


@pytest.mark.parametrize(
    "changes", [{"sha256": "0" * 64}, {"part": "head"}, {"file": "another.tflite"}, {"kind": "int4"}, {"kind": []}]
)
def test_a_file_that_is_not_as_it_was_written_is_refused(tmp_path, changes):
    with pytest.raises(UserError, match=r"not an encoder of this model[\s\S]*export-edge"):
        read_converted(write_encoder(tmp_path, **changes), DIGEST)


def test_another_model_s_file_is_refused(tmp_path):
    with pytest.raises(UserError, match="not an encoder of this model"):
        read_converted(write_encoder(tmp_path), "cd" * 32)


def test_a_link_or_a_pipe_in_the_place_of_a_file_is_refused(tmp_path):
    file = write_encoder(tmp_path)
    for name in (file.name, EDGE):
        path, kept = tmp_path / name, tmp_path / "kept"
        path.rename(kept)
        path.symlink_to(kept)
        with pytest.raises(UserError, match=f"Received: {name}, which is a link"):
            read_converted(file, DIGEST)
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(UserError, match=f"Received: {name}, which is no plain file"):
            read_converted(file, DIGEST)
        path.unlink()
        kept.rename(path)


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "not json", '{"rows": [], "model": 1}', '{"rows": 3}', '{"rows": [[]]}', "[" * 2000, "9" * 5000),
        *('{"rows": [{"part": [], "file": {}}]}', '{"rows": {"part": "encoder"}}', "\udcff", '{"schema": 99}'),
    ],
)
def test_a_file_that_nothing_vouches_for_is_refused(tmp_path, content):
    file = write_encoder(tmp_path)
    (tmp_path / EDGE).write_text(content, errors="surrogateescape")
    with pytest.raises(UserError, match=r"not an encoder of this model|does not know"):
        read_converted(file, DIGEST)
    (tmp_path / EDGE).unlink()
    with pytest.raises(UserError, match="not an encoder of this model"):
        read_converted(file, DIGEST)


def test_a_file_that_does_not_load_ends_no_process_but_its_own():
    with pytest.raises(RuntimeError, match="could not load it"):
        load_lite(b"no network", threads=1)
