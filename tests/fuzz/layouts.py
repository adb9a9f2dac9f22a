"""Official layouts: the label files of UNBC-McMaster, and datasets that say everything by the names of their files."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.data.datasets.trees import touch
from tests.data.datasets.unbc_trees import LANDMARKS, facs_text, make_unbc, matlab
from tests.fuzz.mutations import other_number, other_text
from tests.fuzz.reader import Reader, of_file
from transferpain.core.errors import UserError
from transferpain.data.datasets.biovid import read as read_biovid
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.locate import find_synthetic_mark
from transferpain.data.datasets.unbc_labels import (
    LabelFault,
    parse_facs,
    parse_landmarks,
    parse_pspi,
    parse_sequence_label,
)

LONGEST_NAME = 255
SAMPLE = b"071309_w_21-BL1-001"


def of_content(parse: Callable[[bytes], object]) -> Callable[[Path, bytes], object]:
    return lambda folder, content: parse(content)


def samples(path: Path) -> object:
    return read_biovid(path.parent, path.parent, None).problems


def of_name(dataset: str, beside: bytes) -> Callable[[Path, bytes], object]:
    """Return a reader of a tree with one file beside `beside`, whose path is the content."""

    def read(folder: Path, content: bytes) -> object:
        top = os.fsencode(folder / dataset)
        shutil.rmtree(top, ignore_errors=True)
        parts = [part.replace(b"\0", b"_")[:LONGEST_NAME] for part in content.split(b"/")]
        for path in (beside, b"/".join(part for part in parts if part not in (b"", b".", b".."))):
            if path:
                place = os.path.join(top, path)
                os.makedirs(os.path.dirname(place), exist_ok=True)
                if not os.path.isdir(place):
                    open(place, "wb").close()
        index = read_index(dataset, folder)
        return index.hash, index.problems

    return read


def mark(path: Path) -> object:
    return find_synthetic_mark(path.parent, path.parent)


def prepare_unbc(folder: Path) -> None:
    make_unbc(folder / "unbc", sequences=1, frames=2)


def unbc_score(folder: Path, content: bytes) -> object:
    file = next((folder / "unbc" / "Frame_Labels" / "PSPI").rglob("*_facs.txt"))
    file.write_bytes(content)
    index = read_index("unbc", folder)
    return index.hash, index.problems


LABELS = (UserError, LabelFault)
READERS = (
    Reader(
        "UNBC PSPI",
        (f"{matlab(4)}\n".encode(), b"7\n"),
        of_content(parse_pspi),
        lambda choices, seed: other_number(choices, seed, rb"\s*([0-9][0-9.e+]*)\n", range(20)),
        6000,
        refusals=LABELS,
    ),
    Reader(
        "UNBC FACS",
        (facs_text({4: 2, 6: 3, 43: 1}).encode(), b"4 2\n7 5\n"),
        of_content(parse_facs),
        lambda choices, seed: other_number(choices, seed, rb"(?m)^\s*([0-9][0-9.e+]*)", (9, 10, 12, 20, 100)),
        6000,
        refusals=LABELS,
    ),
    Reader(
        "UNBC landmarks",
        (LANDMARKS.encode(),),
        of_content(lambda content: parse_landmarks(content).tobytes()),
        lambda choices, seed: other_number(choices, seed, rb"([0-9.]+e\+00)", range(12)),
        5000,
        refusals=LABELS,
    ),
    Reader(
        "UNBC sequence label",
        (f"{matlab(6)}\n".encode(), b"3\n"),
        of_content(lambda content: parse_sequence_label(content, "vas")),
        lambda choices, seed: other_number(choices, seed, rb"\s*([0-9][0-9.e+]*)\n", range(14)),
        6000,
        refusals=LABELS,
    ),
    Reader(
        "UNBC index",
        (f"{matlab(0)}\n".encode(),),
        unbc_score,
        lambda choices, seed: other_number(choices, seed, rb"\s*([0-9][0-9.e+]*)\n", range(20)),
        200,
        prepare_unbc,
    ),
    Reader(
        "BioVid samples.csv",
        (
            b"subject_id\tsubject_name\tclass_id\tclass_name\tsample_id\tsample_name\n1\t071309_w_21\t0\tBL1\t1\t%s\n"
            % SAMPLE,
        ),
        of_file("samples.csv", samples),
        lambda choices, seed: other_text(
            choices, seed, {b"BL1-001": (b"BL1-002", b"PA1-001"), b"09_w_21-": (b"09_m_21-",)}
        ),
        600,
        lambda folder: touch(folder / "video" / "071309_w_21" / "071309_w_21-BL1-001.mp4"),
    ),
    Reader(
        "BioVid names",
        (b"video/071309_w_21/071309_w_21-PA4-081.mp4",),
        of_name("biovid", b"video/071309_w_21/%s.mp4" % SAMPLE),
        lambda choices, seed: other_text(
            choices,
            seed,
            {
                b"PA4": (b"PA3", b"BL1", b"PA5"),
                b"081": (b"082", b"81"),
                b"/071309_w_21/": (b"/071309_m_21/",),
                b".mp4": (b"",),
            },
        ),
        500,
        words=(b"071309_m_21", b"BL1", b".mp4", b"PA1"),
    ),
    Reader(
        "AI4Pain names",
        (b"Train/video/7/7_Pain_LOW_3.mp4",),
        of_name("ai4pain", b"Validation/video/8/8_Baseline.mp4"),
        lambda choices, seed: other_text(
            choices,
            seed,
            {
                b"LOW": (b"HIGH", b"LO", b"LOW_HIGH"),
                b"/7/": (b"/9/",),
                b"Train": (b"Test", b"Validation"),
                b"_3": (b"_4",),
            },
        ),
        500,
        words=(b"HIGH", b"Rest", b"Baseline", b".mp4", b"Test"),
    ),
    Reader(
        "MIntPAIN names",
        (b"Extracted_Data/Sub3 Some Body/Annotated_data_Sub03_Trial01/Sub03_Trial01_Sweep01_Label2/RGB/RGB-1.jpg",),
        of_name(
            "mintpain",
            b"Extracted_Data/Sub4 Another/Annotated_data_Sub04_Trial01/Sub04_Trial01_Sweep01_Label0/RGB/RGB-1.jpg",
        ),
        lambda choices, seed: other_text(
            choices,
            seed,
            {
                b"Label2": (b"Label3", b"Label5", b"Label"),
                b"Sweep01": (b"Sweep02", b"Sweep"),
                b"Sub03_Trial01_": (b"Sub05_Trial01_", b"Sub03_Trial02_"),
                b".jpg": (b"",),
            },
        ),
        500,
        words=(b"Sub5", b"Sub03", b"Trial02", b"Sweep1", b"Label4"),
    ),
    Reader(
        "SYNTHETIC.json",
        (b'{"dataset": "biovid", "generator_version": 7, "seconds": 2.5, "fps": 12}',),
        of_file("SYNTHETIC.json", mark),
        lambda choices, seed: other_number(choices, seed, rb": ([0-9]+)", range(20)),
        4000,
    ),
)
