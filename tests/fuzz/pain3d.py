"""The layout of 3DPain: annotations, names of pictures, and the published split."""

import json
from pathlib import Path

from tests.data.datasets.pain3d_trees import SCORE, UNITS, picture
from tests.data.datasets.trees import touch
from tests.fuzz.layouts import of_content, of_name
from tests.fuzz.mutations import other_number, other_text
from tests.fuzz.reader import Reader
from transferpain.core.errors import UserError
from transferpain.core.text_file import as_text
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.pain3d_labels import AnnotationFault, SplitFault, parse_annotation, parse_split

FACE = "flame_sample_0000_pain_1"
ANNOTATION = json.dumps(UNITS | {"PSPI": SCORE}).encode()


def prepare(folder: Path) -> None:
    touch(folder / "pain3d" / picture(FACE, 0))


def labels(folder: Path, content: bytes) -> object:
    touch(folder / "pain3d" / "annotations" / f"{FACE}_annotations.json", content)
    index = read_index("pain3d", folder)
    return index.hash, index.problems


FAULTS = (UserError, AnnotationFault, SplitFault)
READERS = (
    Reader(
        "3DPain annotation",
        (ANNOTATION, b'{"AU4": 1, "AU6": 0, "AU7": 2, "AU9": 3, "AU10": 0, "AU43": 1}'),
        of_content(lambda content: repr(parse_annotation(content))),
        lambda choices, seed: other_number(choices, seed, rb": ([0-9]+)", range(18)),
        6000,
        words=(b'"PSPI"', b'"AU43"', b"2.5", b"17"),
        refusals=FAULTS,
    ),
    Reader(
        "3DPain split",
        (b"annotation_base_name,split\nflame_sample_0000_pain_1,0\nflame_sample_0001_pain_1,2\n",),
        of_content(lambda content: parse_split(as_text(content, "split"))),
        lambda choices, seed: other_text(
            choices,
            seed,
            {b"1,0": (b"1,1", b"1,2", b"1,3"), b"_0001_": (b"_0002_", b"_1_"), b"annotation_base_name": (b"name",)},
        ),
        3000,
        words=(b"flame_sample_0001_pain_2,1\n", b"flame_sample_0000_neutral"),
        refusals=FAULTS,
    ),
    Reader(
        "3DPain index",
        (ANNOTATION,),
        labels,
        lambda choices, seed: other_number(choices, seed, rb": ([0-9]+)", range(18)),
        400,
        prepare,
    ),
    Reader(
        "3DPain names",
        (b"meshes_inpainted/flame_sample_0001_pain_1_textured_view_000_inpainted.jpg",),
        of_name("pain3d", b"meshes_inpainted/flame_sample_0000_neutral_view_0.jpg"),
        lambda choices, seed: other_text(
            choices,
            seed,
            {
                b"_0001_": (b"_0002_", b"_1_"),
                b"pain_1": (b"pain_2", b"neutral"),
                b".jpg": (b"", b".txt"),
                b"flame": (b"face",),
            },
        ),
        500,
        words=(b"_view_", b"_neutral", b"_pain_10", b".png", b"annotations"),
    ),
)
