import stat
import zipfile

import pytest

from tests.models.bundles.bundles import save_small
from transferpain.core.errors import UserError
from transferpain.models.bundles.archive import unpack_archive, write_archive
from transferpain.models.bundles.manifest import read_manifest


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return save_small(tmp_path_factory.mktemp("bundle") / "model")


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def test_an_archive_gives_back_the_bundle(bundle, target, tmp_path):
    write_archive(bundle, tmp_path / "model.zip")
    unpack_archive(tmp_path / "model.zip", target)
    assert read_manifest(target) == read_manifest(bundle)


def test_the_same_bundle_gives_the_same_bytes(bundle, target, tmp_path):
    write_archive(bundle, tmp_path / "one.zip")
    unpack_archive(tmp_path / "one.zip", target)  # the copies have other times
    for file in target.iterdir():
        file.chmod(0o600)
    write_archive(target, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_an_archive_that_was_packed_by_hand_is_read_as_well(bundle, target, tmp_path):
    with zipfile.ZipFile(tmp_path / "model.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in bundle.iterdir():
            archive.write(file, file.name)
    unpack_archive(tmp_path / "model.zip", target)
    assert read_manifest(target) == read_manifest(bundle)


def zip_of(path, name: str, content: bytes = b"{}", mode: int = stat.S_IFREG | 0o644, times: int = 1):
    """Write a zip whose one member, possibly several times, has this name and mode."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for _ in range(times):
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../labels.json",
        "folder/labels.json",
        "parts/../labels.json",
        "parts/deeper/one.skops",
        "parts/evil.pkl",
        "..\\labels.json",
        "C:labels.json",
        "evil.py",
        "labels.json/",
        "LABELS.JSON",
    ],
)
def test_a_name_that_is_no_bundles_file_is_refused(name, target, tmp_path):
    with pytest.raises(UserError, match="is refused, and nothing of it was kept"):
        unpack_archive(zip_of(tmp_path / "evil.zip", name), target)
    assert not list(target.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.zip", "target"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_links_folders_and_devices_are_refused(kind, target, tmp_path):
    with pytest.raises(UserError, match="not a plain file"):
        unpack_archive(zip_of(tmp_path / "evil.zip", "labels.json", b"/etc/passwd", kind | 0o777), target)
    assert not list(target.iterdir())


def test_a_file_that_stands_twice_is_refused(target, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zip_of(tmp_path / "evil.zip", "labels.json", times=2)
    with pytest.raises(UserError, match=r"labels\.json twice"):
        unpack_archive(path, target)


def many_of(path, count: int):
    with zipfile.ZipFile(path, "w") as archive:
        for one in range(count):
            archive.writestr(f"parts/a{one}.skops", b"")
    return path


def test_an_archive_of_many_files_is_refused(target, tmp_path):
    with pytest.raises(UserError, match="Received: 65 files"):
        unpack_archive(many_of(tmp_path / "many.zip", 65), target)
    assert not list(target.iterdir())


def test_an_archive_of_forty_thousand_files_is_refused_at_once(target, tmp_path):
    path = many_of(tmp_path / "many.zip", 300)
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\x05\x06")
    content[end + 12 : end + 16] = (40_000 * 60).to_bytes(4, "little")  # as long as their list would be
    path.write_bytes(content)
    with pytest.raises(UserError, match="a list of members of 2400000 bytes"):
        unpack_archive(path, target)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("damage", [False, True])
def test_a_member_that_is_packed_in_another_way_is_refused(method, damage, target, tmp_path):
    with zipfile.ZipFile(tmp_path / "model.zip", "w", method) as archive:
        archive.writestr("labels.json", b"[1, 2, 3]" * 100)
    if damage:
        content = bytearray((tmp_path / "model.zip").read_bytes())
        content[50:60] = bytes(10)
        (tmp_path / "model.zip").write_bytes(content)
    with pytest.raises(UserError, match=f"packed by method {method}"):
        unpack_archive(tmp_path / "model.zip", target)
    assert not list(target.iterdir())


def test_a_deflated_member_that_is_damaged_is_refused(target, tmp_path):
    path = zip_of(tmp_path / "model.zip", "labels.json", b"[1, 2, 3]" * 100)
    content = bytearray(path.read_bytes())
    content[42:46] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"labels\.json: "):
        unpack_archive(path, target)


def test_an_archive_that_expands_a_thousandfold_is_refused(target, tmp_path):
    path = zip_of(tmp_path / "bomb.zip", "model.keras", bytes(10_000_000))
    assert path.stat().st_size * 500 < 10_000_000
    with pytest.raises(UserError, match="bytes that expand to 10000000"):
        unpack_archive(path, target)
    assert not list(target.iterdir())


def test_a_member_that_is_longer_than_it_says_is_refused(target, tmp_path):
    path = zip_of(tmp_path / "liar.zip", "model.keras", bytes(1_000_000))
    content = path.read_bytes().replace((1_000_000).to_bytes(4, "little"), (100_000).to_bytes(4, "little"))
    path.write_bytes(content)
    with pytest.raises(UserError, match="is refused"):
        unpack_archive(path, target)


@pytest.mark.parametrize("name", ["", "labels.json"])
def test_an_archive_without_a_manifest_is_refused_by_its_own_name(name, target, tmp_path):
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        if name:
            archive.writestr(name, b"[]")
    with pytest.raises(UserError, match=r"archive model\.zip is refused[\s\S]*Received: no manifest\.json"):
        unpack_archive(tmp_path / "model.zip", target)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut short"])
def test_what_is_no_zip_is_refused(content, target, tmp_path):
    (tmp_path / "model.zip").write_bytes(content)
    with pytest.raises(UserError, match="is refused"):
        unpack_archive(tmp_path / "model.zip", target)


def test_a_flipped_byte_in_the_archive_shows(bundle, target, tmp_path):
    write_archive(bundle, tmp_path / "model.zip")
    content = bytearray((tmp_path / "model.zip").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "model.zip").write_bytes(content)
    with pytest.raises(UserError, match="is refused"):
        unpack_archive(tmp_path / "model.zip", target)
