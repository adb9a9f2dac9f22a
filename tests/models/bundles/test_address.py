import pytest

from tests.models.bundles.bundles import save_small
from transferpain.core.errors import UserError
from transferpain.models.bundles.address import find_model, find_run, model_at_hand
from transferpain.models.bundles.archive import write_archive
from transferpain.models.bundles.manifest import MANIFEST, manifest_hash, read_contents


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A shared model, two runs of one experiment and one of another, which has no model yet, and a zip file."""
    workspace = tmp_path_factory.mktemp("workspace")
    shared = workspace / "weights" / "shared"
    save_small(shared)
    for run in ("one-0123456789abcdef", "twice-0123456789abcdef", "twice-fedcba9876543210"):
        (workspace / "runs" / run).mkdir(parents=True)
        (workspace / "runs" / run / "model").symlink_to(shared)
    (workspace / "runs" / "unfinished-0123456789abcdef").mkdir()
    (workspace / "runs" / "unfinished-0123456789abcdef" / "facts.json").touch()
    (workspace / "runs" / "lost-0123456789abcdef").mkdir()
    for file in ("facts.json", "done"):
        (workspace / "runs" / "lost-0123456789abcdef" / file).touch()
    write_archive(shared, workspace / "sent.zip")
    return workspace


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("weights/shared", "weights/shared"),
        ("runs/one-0123456789abcdef", "runs/one-0123456789abcdef/model"),
        ("runs/one-0123456789abcdef/model", "runs/one-0123456789abcdef/model"),
        ("sent.zip", "sent.zip"),
    ],
)
def test_a_path_names_a_model(workspace, named, found):
    assert find_model(workspace / named) == (workspace / found, None)
    digest = "a" * 64
    assert find_model(f"{workspace / named}#sha256={digest}") == (workspace / found, digest)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("shared", "weights/shared"),
        ("one-0123456789abcdef", "runs/one-0123456789abcdef/model"),
        ("one", "runs/one-0123456789abcdef/model"),
    ],
)
def test_a_name_is_looked_for_in_the_workspace(workspace, monkeypatch, name, found):
    assert find_model(name, workspace)[0] == workspace / found
    monkeypatch.chdir(workspace)
    assert find_model(name)[0].resolve() == (workspace / found).resolve()


def test_a_run_is_named_by_its_folder_its_name_or_its_experiment(workspace):
    run = workspace / "runs" / "one-0123456789abcdef"
    assert find_run(str(run)) == find_run(run.name, workspace) == find_run("one", workspace) == run
    with pytest.raises(UserError, match="is a model, and no run"):
        find_run("shared", workspace)
    with pytest.raises(UserError, match="There is no such model"):
        find_run("elsewhere", workspace)


def test_an_experiment_with_several_runs_names_them(workspace):
    with pytest.raises(UserError, match=r"several runs[\s\S]*twice-0123456789abcdef, twice-fedcba9876543210"):
        find_model("twice", workspace)


@pytest.mark.parametrize("name", ["on", "share", "../weights/shared", "no/such.zip", "", "*", "a\nb", "runs"])
def test_what_is_no_model_is_refused_with_what_may_be_named(workspace, name):
    with pytest.raises(UserError, match=r"There is no such model|is not a bundle"):
        find_model(name, workspace)


@pytest.mark.parametrize("name", ["unfinished", "unfinished-0123456789abcdef", "runs/unfinished-0123456789abcdef"])
def test_a_run_that_is_not_finished_is_to_go_on(workspace, monkeypatch, name):
    monkeypatch.chdir(workspace)
    with pytest.raises(UserError, match=r"has no model yet[\s\S]*goes on where it stopped"):
        find_model(name)


@pytest.mark.parametrize("name", ["lost", "lost-0123456789abcdef", "runs/lost-0123456789abcdef"])
def test_a_finished_run_that_has_lost_its_model_is_to_be_computed_again(workspace, monkeypatch, name):
    monkeypatch.chdir(workspace)
    with pytest.raises(UserError, match=r"model of the run lost-0123456789abcdef is lost[\s\S]*is computed anew"):
        find_model(name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Shared", "Did you mean `shared`"),
        ("shard", "Did you mean `shared`"),
        ("https://example.org/x.zip", "models pull https://example.org/x.zip"),
        ("a\nb", "'a\\nb'"),
    ],
)
def test_what_is_nearest_is_told(workspace, name, told):
    with pytest.raises(UserError, match="There is no such model") as caught:
        find_model(name, workspace)
    assert told in str(caught.value)


def test_a_folder_that_is_no_bundle_is_called_so(tmp_path):
    with pytest.raises(UserError, match=rf"is not a bundle[\s\S]*without {MANIFEST}"):
        find_model(tmp_path)


def test_a_zip_file_is_a_folder_for_as_long_as_it_is_used(workspace):
    digest = manifest_hash(workspace / "weights" / "shared")
    with model_at_hand(f"{workspace / 'sent.zip'}#sha256={digest}") as address:
        folder, pinned = find_model(address)
        assert (folder.name, pinned) == ("sent", digest)
        assert read_contents(folder, pinned).digest == digest
    assert not folder.exists()


def test_a_damaged_zip_file_is_refused_and_leaves_nothing(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "broken.zip").write_bytes((workspace / "sent.zip").read_bytes()[:-50])
    with pytest.raises(UserError, match=r"broken\.zip"), model_at_hand(tmp_path / "broken.zip"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["broken.zip"]
