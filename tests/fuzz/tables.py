"""Tables: a user's index, frames, folds and features, FER+'s two files, and the action units of three tools."""

import io
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from tests.data.datasets.trees import VOTES_HEADER, touch
from tests.fuzz.mutations import other_number, other_text
from tests.fuzz.reader import Choices, Reader, of_file
from transferpain.data.datasets.index import read_index
from transferpain.data.media.medium import UnreadableMedium
from transferpain.data.media.signals import read_signals
from transferpain.data.protocols.kinds.own_folds import OWN_FOLDS
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.inputs.action_units.tables import read_action_units
from transferpain.inputs.features.own import keep_own, own_stage
from transferpain.inputs.features.settings import FeatureSettings

INDEX = b"""\
media,subject,label,clip,start,end,split,fps,sex,age,site
a.mp4,P01,pain,one,0,10,train,25,m,41,north
b.mp4,P02,none,two,,,test,,w,,north
c.png,P03,pain,three,,,validation,,x,7,south
folder,P04,none,four,,,,12.5,,60,
"""
FRAMES = b"clip,frame,level\none,0,none\none,1,pain\ntwo,0,pain\nfour,1,none\n"
INDEX_CHANGES = {
    b"P02": (b"P03", b"P01", b"P22"),
    b",pain,one": (b",none,one", b",,one", b",Pain,one"),
    b",0,10,": (b",1,10,", b",0,9,", b",,10,,", b",0,1 0,"),
    b"train": (b"test", b"", b"trian"),
    b"12.5": (b"13.5", b"", b"12,5", b"1e1"),
    b",m,41": (b",w,41", b",m,14", b",,41", b",m,410"),
    b"three": (b"tree", b"two"),
    b"south": (b"north", b""),
    b"label,": (b"Labels,", b"label2,"),
}
PIXELS = b" ".join(b"%d" % (number % 256) for number in range(48 * 48))
IMAGES = b"".join(
    [
        b"emotion,pixels,Usage\n",
        *(b"%d,%s,%s\n" % (6 - n, PIXELS, u) for n, u in enumerate((b"Training", b"PrivateTest"))),
    ]
)
VOTES = (
    VOTES_HEADER.encode()
    + b"\nTraining,fer0000000.png,4,0,0,1,3,2,0,0,0,0\nPrivateTest,fer0000001.png,0,0,0,0,0,0,0,0,0,10\n"
)
PY_FEAT = b"frame,FaceScore,FaceRectX,AU01,AU04,AU43\n0,0.99,10.5,0.25,0.5,0\n1,0.98,11,0.75,,1\n2,,,,,\n"
OPENFACE = (
    b"frame, face_id, timestamp, confidence, success, AU04_r, AU06_r, AU04_c, AU28_c\n"
    b"1, 0, 0.000, 0.98, 1, 0.12, 4.50, 0.00, 1.00\n2, 0, 0.033, 0.03, 0, 0.00, 0.00, 0.00, 0.00\n"
)
LIBREFACE = (
    b"frame_idx,frame_time_in_ms,au_1,au_4,au_1_intensity,au_4_intensity\n0,0.0,0,1,1.5,3.25\n1,33.3,1,0,2.0,0.0\n"
)

# The second in another order, and with other signs between cells.
SIGNALS = (
    b"time\tgsr\tecg\n1250\t5.25\t0.125\n3203\t5.5\t-0.25\n5156\t\t0.5\n7109\t6.75\t1.5\n9062\t7.25\t2.5\n",
    b"ecg; gsr; time\n0.125; 5.25; 1250\n0.5; 5.5; 3203\n-1; ; 5156\n1.5; 6.75; 7109\n",
)
SIGNALS_CHANGES = {
    b"5.25": (b"5.26", b"", b"52.5", b"5,25", b"-5.25"),
    b"0.5": (b"0.51", b"", b"nan", b"5"),
    b"gsr": (b"GSR", b"eda", b"", b"ecg"),
    b"7109": (b"9015", b"5156", b"3000", b""),
}


def prepare_own(folder: Path) -> None:
    own = folder / "own"
    for name in ("a.mp4", "b.mp4", "c.png", "folder/1.png", "folder/2.png"):
        touch(own / name)
    touch(own / "index.csv", INDEX)


def index_hash(path: Path) -> str:
    return read_index("own", path.parent.parent).hash


def array_bytes(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


FOLDS = b"subject,fold\nP01,1\nP02,2\nP03,2\n"
FEATURES = np.arange(1, 13, dtype=np.float32).reshape(4, 3)


def folds(path: Path) -> tuple[str, ...]:
    return OWN_FOLDS.inputs(ProtocolSettings(kind="own_folds", folds_from=str(path)))


def own_features(path: Path) -> tuple:
    """Return the rows, as a head reads them, and how many of them show a face."""
    settings, root = FeatureSettings(folder="."), path.parent
    stage = own_stage(pd.DataFrame({"clip": [path.stem]}), settings, root, root / "cache")
    kept = keep_own(stage.assign(stretch=stage["num_frames"]), settings, root / "cache")
    return Path(kept["features"][0]).read_bytes(), *stage[["num_frames", "width", "found"]].iloc[0]


def other_feature(choices: Choices, seed: bytes) -> bytes:
    features = FEATURES.copy()
    features[choices.below(4), choices.below(3)] = choices.among([0.0, -1.0, 100.0, np.nan, np.inf, 1e6])
    return array_bytes(features)


def prepare_ferplus(folder: Path) -> None:
    touch(folder / "fer2013.csv", IMAGES)
    touch(folder / "fer2013new.csv", VOTES)


def ferplus(path: Path) -> str:
    return read_index("ferplus", path.parent).hash


def change_pixels(choices: Choices, seed: bytes) -> bytes:
    """Change, lose or add a pixel, lose or add a digit of one, or the emotion or split of a row."""
    numbers = seed.split(b" ")
    place = 1 + choices.below(len(numbers) - 2)
    former = numbers[place]
    if b"\n" in former:
        return other_text(
            choices, seed, {b",Training": (b",PublicTest", b",training", b","), b"\n6,": (b"\n5,", b"\n7,")}
        )
    changes = (b"%d" % ((int(former[-2:]) + 7) % 256), b"%d" % (256 + int(former)), b"%d" % (65536 + int(former)))
    changes += (b"-%d" % (65536 - int(former)), former + b" 0", b"", former[:-1], b"1" + former, former + b"3")
    numbers[place] = choices.among([change for change in changes if change != former])
    return b" ".join(numbers)


def units(path: Path) -> tuple:
    table = read_action_units(path)
    parts = (table.found, table.confidence, table.intensities, table.presences)
    return (table.estimator, *(part.to_csv() for part in parts))


def signals(path: Path) -> tuple:
    """Return the samples and the rate that the table's own times tell."""
    read = read_signals(path, ("ecg", "gsr"), 512.0)
    return read.values.tobytes(), read.values.shape, read.rate


def change_units(choices: Choices, seed: bytes, changes: dict[bytes, tuple[bytes, ...]]) -> bytes:
    return other_text(choices, seed, changes)


READERS = (
    Reader(
        "index.csv",
        (INDEX,),
        of_file("own/index.csv", index_hash),
        lambda choices, seed: other_text(choices, seed, INDEX_CHANGES),
        800,
        prepare_own,
        words=(b"media", b"P01", b"c.png", b"folder", b"start", b"sex", b"dataset", b"train", b"unknown:a.mp4"),
    ),
    Reader(
        "frames.csv",
        (FRAMES,),
        of_file("own/frames.csv", index_hash),
        lambda choices, seed: other_text(
            choices,
            seed,
            {
                b"one,1,pain": (b"one,1,none", b"one,2,pain", b"two,1,pain", b"one,1,", b"one,0,pain", b""),
                b"four,1": (b"one,5", b"four,2", b"five,1", b"four,-1"),
                b"level": (b"Level", b"levels", b"", b"frame"),
            },
        ),
        300,
        prepare_own,
        words=(b"clip", b"frame", b"two", b"one"),
    ),
    Reader(
        "own folds",
        (FOLDS,),
        of_file("folds.csv", folds),
        lambda choices, seed: other_text(
            choices,
            seed,
            {b"P01,1": (b"P01,2", b"P01,", b"P1,1", b"P02,1", b""), b"fold": (b"Fold", b"group"), b",": (b";",)},
        ),
        300,
        words=(b"subject", b"fold", b"P02"),
    ),
    Reader(
        "own features",
        (array_bytes(FEATURES), array_bytes(FEATURES[0].astype(np.int16))),
        of_file("clip.npy", own_features),
        other_feature,
        400,
        words=(b"'descr'", b"<f4", b"(4, 3)", b"False", b"|O"),
    ),
    Reader("fer2013.csv", (IMAGES,), of_file("fer2013.csv", ferplus), change_pixels, 1200, prepare_ferplus),
    Reader(
        "fer2013new.csv",
        (VOTES,),
        of_file("fer2013new.csv", ferplus),
        lambda choices, seed: other_number(choices, seed, rb"(?<=[0-9],)([0-9]+)(?=[,\n])", range(13)),
        3000,
        prepare_ferplus,
        words=(b"Usage", b"Training", b"neutral", b'"Training', b"11"),
    ),
    Reader(
        "py-feat",
        (PY_FEAT,),
        of_file("a.csv", units),
        partial(
            change_units,
            changes={
                b"0.25": (b"0.26", b"", b"2.5", b"0,25", b"1.25"),
                b"AU04": (b"AU05", b"AU01", b"", b"au04"),
                b"\n1,": (b"\n3,", b"\n0,", b"\n-1,", b"\n1.5,"),
                b"0.98": (b"0.97", b""),
            },
        ),
        600,
        words=(b"AU01", b"AU04", b"frame", b"success", b"AU04_r", b"au_4"),
    ),
    Reader(
        "OpenFace 2",
        (OPENFACE,),
        of_file("a.csv", units),
        partial(
            change_units,
            changes={
                b"4.50": (b"4.51", b"", b"45.0", b"-4.50"),
                b"0.98, 1": (b"0.98, 0", b"0.98, 2", b"0.98, "),
                b"AU28_c": (b"AU27_c", b"AU28_r", b"AU04_c"),
                b"\n2,": (b"\n3,", b"\n1,", b"\n0,"),
            },
        ),
        600,
        words=(b"AU04_r", b"AU04_c", b"AU45_c", b"success", b"confidence", b"frame"),
    ),
    Reader(
        "LibreFace",
        (LIBREFACE,),
        of_file("a.csv", units),
        partial(
            change_units,
            changes={
                b"3.25": (b"3.26", b"", b"0.5"),
                b"0.0,0,1": (b"0.0,1,1", b"0.0,0,0", b"0.0,2,1"),
                b"au_4_intensity": (b"au_5_intensity", b"au_1_intensity"),
                b"\n1,": (b"\n2,", b"\n0,"),
            },
        ),
        600,
        words=(b"au_1", b"au_4_intensity", b"frame_idx", b"AU04"),
    ),
    Reader(
        "signals",
        SIGNALS,
        of_file("a_bio.csv", signals),
        lambda choices, seed: other_text(choices, seed, SIGNALS_CHANGES),
        600,
        words=(b"time", b"gsr", b"ecg", b"\t", b"1e300", b"-1"),
        refusals=(UnreadableMedium,),
    ),
)
