"""Hugging Face addresses with the real client, in the real command line, against a hub on this machine."""

import threading
from subprocess import CompletedProcess

import pytest

from tests.forked_program import LIGHT, forked
from tests.models.bundles.complete import save_complete
from tests.models.bundles.hub_server import Hub
from transferpain.models.bundles.manifest import load_manifest, manifest_hash

pytest.importorskip("huggingface_hub")


def models(*arguments: object, hub: Hub) -> CompletedProcess:
    return forked("models", *arguments, environment=hub.environment, preload=LIGHT)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of a model that may be shared."""
    return save_complete(tmp_path_factory.mktemp("models") / "free")


@pytest.fixture
def hub(tmp_path):
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        server.environment = {
            "HF_ENDPOINT": server.address,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_TOKEN": "hf_test",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        yield server
        server.shutdown()


def test_a_model_goes_to_the_hub_and_comes_back(hub, model, tmp_path):
    pushed = models("push", model, "hf://owner/mine", hub=hub)
    assert pushed.returncode == 0, pushed.stderr
    (commit,) = hub.commits
    assert hub.created == [{"name": "mine", "organization": "owner", "visibility": "private"}]
    address = f"hf://owner/mine@{commit}#sha256={manifest_hash(model)}"
    assert address in "".join(pushed.stdout.split())
    folder = tmp_path / "new"
    pulled = models("pull", address, "--out", folder, hub=hub)
    assert pulled.returncode == 0, pulled.stderr
    assert load_manifest(folder) == load_manifest(model)


@pytest.mark.slow
def test_a_file_that_the_hub_lacks_leaves_nothing(hub, model, tmp_path):
    pushed = models("push", model, "hf://owner/mine", hub=hub)
    assert pushed.returncode == 0, pushed.stderr
    ((commit, files),) = hub.commits.items()
    del files["model.keras"]
    address = f"hf://owner/mine@{commit}"
    pulled = models("pull", address, "--out", tmp_path / "new", hub=hub)
    assert pulled.returncode == 1
    assert "could not be fetched from Hugging Face" in pulled.stderr
    assert "Traceback" not in pulled.stderr
    assert not (tmp_path / "new").exists()
