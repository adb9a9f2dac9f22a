"""Hostile archives and weights in models whose manifests are correct."""

import io
import pickle
import struct
import zipfile

import h5py
import numpy as np
import pytest

from tests.models.bundles.bundles import Evil, assert_refused, change_members, vouch_again
from transferpain.models.bundles.containers import check_list_of_members
from transferpain.models.bundles.sizes import Refused


def test_pickled_weights_are_refused(bundle):
    change_members(bundle / "model.keras", lambda members: members.update({"model.weights.h5": pickle.dumps(Evil())}))
    vouch_again(bundle)
    assert_refused(bundle, "")


@pytest.mark.parametrize("name", ["assets/vocabulary.txt", "../../evil", "/etc/passwd", "evil.py"])
def test_another_file_in_the_model_is_refused(bundle, name):
    change_members(bundle / "model.keras", lambda members: members.update({name: b"hello"}))
    vouch_again(bundle)
    assert_refused(bundle, "an archive of")


def test_a_file_that_stands_twice_in_the_model_is_refused(bundle):
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(bundle / "model.keras", "a") as archive:
        archive.writestr("config.json", "{}")
    vouch_again(bundle)
    assert_refused(bundle, "an archive of")


def test_a_compressed_model_is_refused(bundle):
    with zipfile.ZipFile(bundle / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(bundle / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    vouch_again(bundle)
    assert_refused(bundle, "may expand to any size")


def plant_in_weights(bundle, plant) -> None:
    """Let `plant` edit the HDF5 file of the weights, and vouch for the result."""

    def edit(members):
        buffer = io.BytesIO(members["model.weights.h5"])
        with h5py.File(buffer, "r+") as file:
            plant(file)
        members["model.weights.h5"] = buffer.getvalue()

    change_members(bundle / "model.keras", edit)
    vouch_again(bundle)


def external_storage(file):
    file.create_dataset("evil", (4,), "f4", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])


def virtual(file):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "data", shape=(4,))
    file.create_virtual_dataset("evil", layout)


@pytest.mark.parametrize(
    ("plant", "reason"),
    [
        (lambda file: file.update(evil=h5py.ExternalLink("/etc/hostname", "/")), "ExternalLink /evil"),
        (lambda file: file.update(evil=h5py.SoftLink("/layers")), "SoftLink /evil"),
        (lambda file: file["layers"].update(evil=file["/"]), "stands there twice"),
        (external_storage, "another file"),
        (virtual, "another file"),
        (lambda file: file.create_dataset("evil", data=np.array([b"text", b"x"], dtype=object)), "not numbers"),
        (lambda file: file.create_dataset("evil", (1 << 40,), "f4", chunks=(1024,)), "not stored as it is"),
        (lambda file: file.create_dataset("evil", data=np.zeros(9), compression="gzip"), "not stored as it is"),
        (lambda file: file.update(evil=np.dtype("f4")), "neither a group nor an array"),
    ],
    ids=["external link", "soft link", "loop", "external", "virtual", "strings", "hollow", "packed", "type"],
)
def test_weights_that_are_not_plain_numbers_in_the_file_are_refused(bundle, plant, reason):
    plant_in_weights(bundle, plant)
    assert_refused(bundle, reason)


def test_weights_of_many_groups_and_a_long_configuration_are_refused(bundle, monkeypatch):
    monkeypatch.setattr("transferpain.models.bundles.containers.MOST_ITEMS", 5)
    assert_refused(bundle, "more than 5 groups and arrays")
    monkeypatch.setattr("transferpain.models.bundles.containers.LARGEST_TEXT", 1000)
    assert_refused(bundle, r"config\.json of \d+ bytes, more than 1000")


def test_an_archive_with_an_endless_list_of_members_is_refused_before_the_list_is_read(bundle):
    content = bytearray((bundle / "model.keras").read_bytes())
    end = content.rindex(b"PK\x05\x06")
    content[end + 12 : end + 16] = (1 << 30).to_bytes(4, "little")
    (bundle / "model.keras").write_bytes(content)
    vouch_again(bundle)
    assert_refused(bundle, "a list of members of 1073741824 bytes")


@pytest.mark.parametrize("comment", [0, 1, 65_515, 65_535])
def test_the_form_for_large_archives_is_refused_behind_any_comment(comment):
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 1 << 40, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 46, 0, comment) + b"x" * comment
    with pytest.raises(Refused, match="in the form for more than 4 GB"):
        check_list_of_members(io.BytesIO(end64 + locator + end))
