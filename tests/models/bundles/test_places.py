import shutil
import sys
import threading
import types
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import ModuleSpec

import pytest

from tests.models.bundles.bundles import change_config, vouch_again
from tests.models.bundles.complete import save_complete
from tests.models.bundles.web import Web, serve
from transferpain.core.errors import UserError
from transferpain.models.bundles.bundle import read_bundle
from transferpain.models.bundles.manifest import load_manifest, manifest_hash, read_complete
from transferpain.models.bundles.places import fetch_model, send_model


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Folders of a model that may be shared, and of one that may not."""
    folder = tmp_path_factory.mktemp("models")
    return save_complete(folder / "free"), save_complete(folder / "lent", "biovid")


@pytest.fixture
def archive(models, tmp_path):
    send_model(str(models[0]), str(tmp_path / "model.zip"), "")
    return tmp_path / "model.zip"


def assert_nothing_came(workspace) -> None:
    """Assert that no part of a model stands anywhere in the workspace."""
    assert not [path for path in workspace.rglob("*") if path.is_file()]


def test_an_exported_model_is_imported_with_the_same_digest(models, archive, tmp_path):
    folder = fetch_model(str(archive), None, tmp_path / "elsewhere")
    assert folder == tmp_path / "elsewhere" / "weights" / "ferplus-small"
    assert manifest_hash(folder) == manifest_hash(models[0])
    assert [path.name for path in folder.parent.iterdir()] == ["ferplus-small"]
    assert fetch_model(str(archive), None, tmp_path / "elsewhere") == folder  # again: it is there


def test_a_folder_is_a_place_as_well(models, tmp_path):
    address = send_model(str(models[0]), str(tmp_path / "shelf" / "mine"), "")
    assert address == f"{tmp_path / 'shelf' / 'mine'}#sha256={manifest_hash(models[0])}"
    folder = fetch_model(address, tmp_path / "here", tmp_path)
    assert manifest_hash(folder) == manifest_hash(models[0])


def test_another_model_in_its_place_is_not_overwritten(models, archive, tmp_path):
    other = save_complete(tmp_path / "weights" / "mine", seed=1)
    before = manifest_hash(other)
    with pytest.raises(UserError, match="is there already, and is not this model"):
        fetch_model(str(archive), other, tmp_path)
    with pytest.raises(UserError, match="is there already, and is not this model"):
        send_model(str(models[0]), str(other), "")
    assert manifest_hash(other) == before


@pytest.mark.parametrize("place", ["shelf/mine", "mine.zip", "hf://owner/mine"])
def test_a_restricted_model_stays_here(models, place, tmp_path):
    address = place if place.startswith("hf:") else str(tmp_path / place)
    with pytest.raises(UserError, match="Ask the owners of BioVid Heat Pain Database, Part A"):
        send_model(str(models[1]), address, "")
    assert not list(tmp_path.iterdir())


def test_a_permission_travels_with_the_model(models, tmp_path):
    before = manifest_hash(models[1])
    address = send_model(str(models[1]), str(tmp_path / "model.zip"), "S. Walter, 1 May")
    folder = fetch_model(address, tmp_path / "here", tmp_path)
    manifest = read_complete(folder)
    assert manifest["permission"] == "S. Walter, 1 May"
    assert manifest["original"] == before == manifest_hash(models[1])
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "Passed on by permission, as stated by whoever exported it: S. Walter, 1 May" in card
    send_model(str(folder), str(tmp_path / "again.zip"), "")


@pytest.mark.parametrize("metrics", ["[]", "{}", '{"all": 3}', "not json"])
def test_without_figures_no_card_can_be_written_for_the_copy(models, metrics, tmp_path):
    copy = shutil.copytree(models[1], tmp_path / "copy")
    (copy / "metrics.json").write_text(metrics)
    vouch_again(copy)
    with pytest.raises(UserError, match="No card can be written"):
        send_model(str(copy), str(tmp_path / "out.zip"), "S. Walter")
    assert not (tmp_path / "out.zip").exists()


def test_what_cannot_be_sent_to_is_refused(models, tmp_path):
    with pytest.raises(UserError, match="cannot be sent to a web address"):
        send_model(str(models[0]), "https://example.org/model.zip", "")
    with pytest.raises(UserError, match="has no digest"):
        send_model(str(models[0]), f"{tmp_path / 'a'}#sha256={'0' * 64}", "")
    with pytest.raises(UserError, match="Sending makes a new commit"):
        send_model(str(models[0]), "hf://owner/mine@main", "")


def test_a_model_that_is_not_whole_is_not_sent(models, tmp_path):
    copy = shutil.copytree(models[0], tmp_path / "copy")
    (copy / "labels.json").write_text("[]")
    with pytest.raises(UserError, match="is damaged"):
        send_model(str(copy), str(tmp_path / "out.zip"), "")
    with pytest.raises(UserError, match="another bundle than the one that is asked for"):
        send_model(f"{models[0]}#sha256={'0' * 64}", str(tmp_path / "out.zip"), "")
    assert not (tmp_path / "out.zip").exists()


def test_a_hostile_model_with_a_correct_manifest_is_not_imported(models, tmp_path):
    copy = shutil.copytree(models[0], tmp_path / "copy")
    change_config(copy, lambda config: config["config"]["layers"][1].update(module="os", class_name="system"))
    with pytest.raises(UserError, match="is refused, and was not loaded"):
        fetch_model(str(copy), None, tmp_path / "new")
    assert_nothing_came(tmp_path / "new")


@pytest.mark.parametrize("name", ["../evil", "", "Evil Name"])
def test_a_name_that_leaves_the_folder_is_refused(name, tmp_path):
    folder = save_complete(tmp_path / "model", experiment=name)
    with pytest.raises(UserError, match="no name that could be a folder's"):
        fetch_model(str(folder), None, tmp_path / "new")
    assert_nothing_came(tmp_path / "new")
    assert fetch_model(str(folder), tmp_path / "new" / "mine", tmp_path / "new").is_dir()


@pytest.mark.parametrize("place", ["nowhere", "nowhere.zip", "ftp://example.org/model.zip"])
def test_a_place_that_is_not_there_is_named(place, tmp_path):
    with pytest.raises(UserError, match=r"no model at this place[\s\S]*Received: " + place):
        fetch_model(place, None, tmp_path)
    assert_nothing_came(tmp_path)


def test_a_model_is_fetched_from_the_web_and_an_interruption_resumes(models, archive, tmp_path, capfd):
    with serve(Web(archive.read_bytes(), break_after=5_000)) as web:
        with pytest.raises(UserError, match="the same command goes on from there"):
            fetch_model(web.url, None, tmp_path / "new")
        assert not list((tmp_path / "new" / "weights").iterdir())
        web.break_after = None
        folder = fetch_model(web.url, None, tmp_path / "new")
        assert web.requests[1][0] == "bytes=5000-"
    assert manifest_hash(folder) == manifest_hash(models[0])
    assert not list((tmp_path / "new" / "cache" / "downloads").iterdir())
    assert f"#sha256={manifest_hash(models[0])}" in "".join(capfd.readouterr().err.split())


def test_a_wrong_digest_or_a_damaged_file_from_the_web_leaves_nothing(archive, tmp_path):
    content = bytearray(archive.read_bytes())
    with serve(Web(bytes(content))) as web:
        with pytest.raises(UserError, match="another bundle than the one that is asked for"):
            fetch_model(f"{web.url}#sha256={'0' * 64}", None, tmp_path / "new")
        content[len(content) // 2] ^= 1
        web.content = bytes(content)
        with pytest.raises(UserError, match=r"is refused|is damaged"):
            fetch_model(web.url, None, tmp_path / "new")
    assert_nothing_came(tmp_path / "new")


def test_without_the_package_hugging_face_is_refused_clearly(models, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match="Hugging Face cannot be used: a package is not installed"):
        fetch_model(f"hf://owner/mine@{'a' * 40}", None, tmp_path)
    with pytest.raises(UserError, match="Hugging Face cannot be used: a package is not installed"):
        send_model(str(models[0]), "hf://owner/mine", "")


@pytest.mark.parametrize("revision", ["", "@main", "@v1.0", f"@{'A' * 40}"])
def test_a_revision_that_moves_is_refused(revision, tmp_path):
    with pytest.raises(UserError, match="revision of a Hugging Face model is not pinned"):
        fetch_model(f"hf://owner/mine{revision}", None, tmp_path)


@pytest.mark.parametrize("address", ["hf://owner", "hf://owner/mine/more", "hf://owner/mine@", "hf://o w/mine"])
def test_an_address_that_cannot_be_read_is_refused(address, tmp_path):
    with pytest.raises(UserError, match="Hugging Face address could not be read"):
        fetch_model(address, None, tmp_path)


class Shelf(ThreadingHTTPServer):
    """Serves the files of a folder to whoever is authorized; what stands in `endless` goes on and on."""

    def __init__(self, folder, asked: list[str]):
        super().__init__(("127.0.0.1", 0), Answers)
        self.folder, self.asked, self.endless, self.sent = folder, asked, "", 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        shelf, file = self.server, self.server.folder / self.path.lstrip("/")
        authorized = self.headers["Authorization"] == "Bearer secret"
        self.send_response(200 if file.is_file() and authorized else 404)
        self.end_headers()
        if file.is_file() and authorized:
            shelf.asked.append(self.path.split("/", 4)[-1])
            self.wfile.write(file.read_bytes())
            with suppress(ConnectionError):
                while shelf.endless and self.path.endswith(shelf.endless) and shelf.sent < 100 << 20:
                    shelf.sent += self.wfile.write(bytes(1 << 16))

    def log_message(self, *_: object) -> None:
        """Say nothing on the tests' standard error."""


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A stand-in for the package huggingface_hub, whose repositories are folders that a server of this machine shows.

    Every commit is `ccc...`.
    """
    shelf, asked = tmp_path / "hub", []

    class HfApi:
        def create_repo(self, *, repo_id, private, exist_ok):
            assert private
            (shelf / repo_id).mkdir(parents=True, exist_ok=exist_ok)

        def upload_folder(self, *, repo_id, folder_path, allow_patterns, commit_message):
            shutil.copytree(folder_path, shelf / repo_id / ("c" * 40))
            return types.SimpleNamespace(oid="c" * 40)

    server = Shelf(shelf, asked)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    module = types.SimpleNamespace(
        HfApi=HfApi,
        get_token=lambda: "secret",
        hf_hub_url=lambda *, repo_id, filename, revision: f"{server.address}/{repo_id}/{revision}/{filename}",
        shelf=shelf,
        asked=asked,
        server=server,
    )
    module.__spec__ = ModuleSpec("huggingface_hub", None)
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)
    yield module
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_model_goes_to_hugging_face_and_comes_back(hub, models, tmp_path):
    address = send_model(str(models[0]), "hf://owner/mine", "")
    assert address == f"hf://owner/mine@{'c' * 40}#sha256={manifest_hash(models[0])}"
    (hub.shelf / "owner" / "mine" / ("c" * 40) / ".gitattributes").write_text("*.keras filter=lfs")
    folder = fetch_model(address, None, tmp_path / "new")
    assert read_bundle(folder).labels == ("none", "pain")
    assert hub.asked[0] == "manifest.json"
    assert set(hub.asked) == {"manifest.json", *load_manifest(folder)["files"]}


def test_a_repository_that_lacks_a_file_leaves_nothing(hub, models, tmp_path):
    address = send_model(str(models[0]), "hf://owner/mine", "")
    (hub.shelf / "owner" / "mine" / ("c" * 40) / "model.keras").unlink()
    with pytest.raises(UserError, match="could not be fetched from Hugging Face"):
        fetch_model(address, None, tmp_path / "new")
    assert_nothing_came(tmp_path / "new")


@pytest.mark.parametrize("name", ["manifest.json", "model.keras"])
def test_no_more_is_read_of_a_file_than_its_manifest_states(name, hub, models, tmp_path):
    address = send_model(str(models[0]), "hf://owner/mine", "")
    hub.server.endless = name
    with pytest.raises(UserError, match=rf"from Hugging Face(.|\n)*Received: {name}: more than \d+ bytes"):
        fetch_model(address, None, tmp_path / "new")
    assert hub.server.sent < 100 << 20
    assert_nothing_came(tmp_path / "new")
