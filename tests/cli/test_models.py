"""The commands as a user gives them."""

import resource
from functools import partial

import pytest

from tests.command_line import imported_modules, transferpain
from tests.experiments.test_ship import write_run
from tests.forked_program import LIGHT, forked
from tests.models.bundles.complete import save_complete
from tests.models.bundles.web import Web, serve
from transferpain.models.bundles.manifest import manifest_hash

light = partial(forked, preload=LIGHT)  # export and verify are called as they are installed as well


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with a model that may be shared and one that may not."""
    folder = tmp_path_factory.mktemp("workspace")
    save_complete(folder / "weights" / "free")
    save_complete(folder / "weights" / "lent", "biovid")
    return folder


def fail(result) -> str:
    """Assert that a command failed with a message and no traceback; return the message."""
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.mark.slow
def test_list_and_verify_import_no_tensorflow(workspace):
    for arguments in (("list", "--workspace", workspace), ("verify", workspace / "weights" / "free", "--parents")):
        assert not imported_modules("models", *arguments) & {"tensorflow", "keras", "torch", "matplotlib"}


def test_list_shows_digests_and_who_is_to_be_asked(workspace):
    shown = light("models", "list", "--workspace", workspace)
    assert shown.returncode == 0, shown.stderr
    assert "ask biovid" in shown.stdout
    assert "may be shared" in shown.stdout


def test_card_is_printed(workspace):
    shown = light("models", "card", workspace / "weights" / "lent")
    assert shown.stdout.startswith("---\nlibrary_name: keras\n")
    assert "**Not to be passed on**" in shown.stdout


@pytest.mark.slow
def test_verify_reproduces_the_numbers(workspace):
    model = workspace / "weights" / "free"
    shown = forked("models", "verify", f"{model}#sha256={manifest_hash(model)}", "--reproduce")
    assert shown.returncode == 0, shown.stderr
    assert "same numbers, float32" in shown.stdout
    assert "same numbers, bfloat16" in shown.stdout
    assert " NO:" not in shown.stdout


def test_verify_refuses_another_model_than_asked_for(workspace):
    message = fail(light("models", "verify", f"{workspace / 'weights' / 'free'}#sha256={'0' * 64}"))
    assert "another bundle than the one that is asked for" in message


def test_a_model_is_exported_and_imported(workspace, tmp_path):
    model = workspace / "weights" / "free"
    for name, call in {"one": transferpain, "two.zip": light}.items():
        done = call("models", "export", model, tmp_path / name)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert done.stdout == f"{tmp_path / 'two.zip'}#sha256={manifest_hash(model)}\n"
    done = light("models", "import", done.stdout.strip(), "--workspace", tmp_path)
    assert done.stdout == f"model: {tmp_path / 'weights' / 'ferplus-small'}\n"
    assert manifest_hash(tmp_path / "weights" / "ferplus-small") == manifest_hash(model)


def test_a_restricted_model_is_exported_with_a_permission_only(workspace, tmp_path):
    model, file = workspace / "weights" / "lent", tmp_path / "lent.zip"
    assert "the owners of BioVid Heat Pain Database" in fail(light("models", "export", model, file))
    assert "the owners of BioVid Heat Pain Database" in fail(light("models", "push", model, tmp_path / "shelf"))
    assert not list(tmp_path.iterdir())
    done = light("models", "export", model, file, "--i-have-permission", "S. Walter, 1 May")
    assert done.returncode == 0, done.stderr
    assert file.is_file()


def test_a_model_is_pulled_from_the_web(workspace, tmp_path):
    model = workspace / "weights" / "free"
    light("models", "push", model, tmp_path / "model.zip")
    with serve(Web((tmp_path / "model.zip").read_bytes())) as web:
        address = f"{web.url}#sha256={manifest_hash(model)}"
        done = light("models", "pull", address, "--out", tmp_path / "mine", "--workspace", tmp_path)
    assert done.returncode == 0, done.stderr
    assert manifest_hash(tmp_path / "mine") == manifest_hash(model)


def test_a_model_is_shipped_and_what_was_done_is_printed(tmp_path):
    run = write_run(tmp_path / "runs", "mine", 64, 0)
    done = light("models", "ship", run, "--to", tmp_path / "weights" / "mine")
    assert done.returncode == 0, done.stderr
    for told in (
        manifest_hash(tmp_path / "weights" / "mine"),
        manifest_hash(run / "model"),
        "c" * 64,
        run.name,
        "0.0 MB",
    ):
        assert told in done.stdout
    assert "is not a finished run" in fail(light("models", "ship", tmp_path, "--to", tmp_path / "more"))


@pytest.mark.parametrize("place", ["zip", "web"])
def test_a_disk_that_fills_is_named_and_nothing_stays(workspace, tmp_path, place):
    light("models", "export", workspace / "weights" / "free", tmp_path / "model.zip")
    new = tmp_path / "new"

    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (5_000, 5_000))
    with serve(Web((tmp_path / "model.zip").read_bytes())) as web:
        address = web.url if place == "web" else tmp_path / "model.zip"
        done = light("models", "pull", address, "--workspace", new, preexec_fn=limit)
    assert "File too large" in fail(done)
    assert not [path for path in new.rglob("*") if path.is_file() and path.suffix != ".tag"]
