"""What the files of a model are stored in, zip archives, arrays and HDF5: checked before anything is read out of them.

An archive may list members without end, expand to any size, and weights may lead out of their file.
"""

import io
import zipfile
from typing import BinaryIO

import h5py
import numpy as np

from transferpain.models.bundles.sizes import Refused

# The end of an archive: its mark, its size, and within how many bytes from the end of the file it begins.
END_MARK, END_SIZE, END_BYTES = b"PK\x05\x06", 22, 22 + 65_535
ZIP64_MARK, ZIP64_BYTES = b"PK\x06\x07", 20
LARGEST_TEXT = 16 << 20  # bytes of a configuration or a schema; of ResNet-18, 67,000
MOST_ITEMS = 20_000  # groups and arrays in a file of weights; of ResNet-18, 500
LONGEST_LIST = 1 << 20  # bytes; of a forest of 1,000 trees, 300,000


def open_zip(content: bytes) -> zipfile.ZipFile:
    """Open an archive in memory; one whose list of members is longer than any of ours would take minutes to read."""
    check_list_of_members(io.BytesIO(content))
    return zipfile.ZipFile(io.BytesIO(content))


def check_list_of_members(file: BinaryIO) -> None:
    """Refuse an archive whose list of members is longer than `LONGEST_LIST`, before the list is read."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - ZIP64_BYTES - END_BYTES))
    tail = file.read()
    end = tail.rfind(END_MARK)
    if end < 0 or len(tail) < end + END_SIZE:
        raise Refused("a file that is not a zip file")
    if ZIP64_MARK in tail[max(0, end - ZIP64_BYTES) : end]:
        raise Refused("an archive in the form for more than 4 GB")
    length = int.from_bytes(tail[end + 12 : end + 16], "little")
    if length > LONGEST_LIST:
        raise Refused(f"a list of members of {length} bytes, longer than {LONGEST_LIST}")


def check_members(archive: zipfile.ZipFile, names: set[str]) -> None:
    """Refuse an archive that holds anything but exactly these files, each once and uncompressed."""
    found = [member.filename for member in archive.infolist()]
    if sorted(found) != sorted(names):
        raise Refused(f"an archive of {', '.join(found) or 'nothing'}, not of {', '.join(sorted(names))}")
    for member in archive.infolist():
        if member.filename.endswith(".json") and member.file_size > LARGEST_TEXT:
            raise Refused(f"{member.filename} of {member.file_size} bytes, more than {LARGEST_TEXT}")
    packed = [member.filename for member in archive.infolist() if member.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise Refused(f"a compressed {packed[0]}, which may expand to any size")


def read_array(content: bytes, kinds: str = "fiu") -> np.ndarray:
    """Read a `.npy` file of plain numbers; numpy's own reader would set aside whatever memory its header asks for.

    Args:
        kinds: the kinds of dtype that it may have; those of all fields, if it has fields.
    """
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise Refused("an array in an unknown format")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    fields = [dtype] if dtype.fields is None else [field for field, *_ in dtype.fields.values()]
    if any(field.fields or field.base.kind not in kinds for field in fields):
        raise Refused(f"an array of {dtype}")
    return np.frombuffer(stream.read(), dtype).reshape(shape, order="F" if by_columns else "C")


def check_weights(content: bytes) -> None:
    """Refuse an HDF5 file with links out of it, or with anything but plain numbers stored in it."""
    with h5py.File(io.BytesIO(content), "r") as file:
        _check_group(file, {_address(file)})


def _check_group(group: h5py.Group, seen: set[int]) -> None:
    for name in group:
        where = f"{group.name.rstrip('/')}/{name}"
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise Refused(f"{type(link).__name__} {where} in the weights, which points elsewhere")
        item = group[name]
        if _address(item) in seen:
            raise Refused(f"{where} in the weights, which stands there twice")
        seen.add(_address(item))
        if len(seen) > MOST_ITEMS:
            raise Refused(f"more than {MOST_ITEMS} groups and arrays in the weights")
        if isinstance(item, h5py.Group):
            _check_group(item, seen)
        elif isinstance(item, h5py.Dataset):
            _check_array(item, where)
        else:
            raise Refused(f"{where} in the weights, which is neither a group nor an array")


def _check_array(array: h5py.Dataset, where: str) -> None:
    if array.external or array.is_virtual:
        raise Refused(f"{where} in the weights, whose numbers stand in another file")
    if array.dtype.kind not in "fiub":
        raise Refused(f"{where} in the weights, which holds {array.dtype}, not numbers")
    if array.id.get_create_plist().get_nfilters() or array.id.get_storage_size() != array.nbytes:
        raise Refused(f"{where} in the weights, which is not stored as it is")


def _address(item: h5py.Group | h5py.Dataset) -> int:
    return h5py.h5o.get_info(item.id).addr
