"""What a twin promises besides its ceilings: faces are found, and nothing but the face gives a label away.

Clips are written, and read back as any method reads them. What lies besides the face (colour, brightness, first frame,
length, rate, head motion, size of the file, whose clip it is) is asked for the label, on people it has not seen.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from scipy.stats import binomtest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.measure import Figure, main
from transferpain.data.synthetic.behaviour.model import STATED_ON
from transferpain.data.synthetic.camera import AI4PAIN, BIOVID, MINTPAIN, UNBC, Camera, Sensor
from transferpain.data.synthetic.face import ACTION_UNITS, Sitter, draw_face
from transferpain.data.synthetic.mintpain import write_sweep
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import PLANS
from transferpain.data.synthetic.unbc import code, score, write_sequence
from transferpain.data.synthetic.videos import ClipPlan, WriteClip, seat_person, write_video
from transferpain.inputs.faces.detectors import load_detector

Parts = list[tuple[int, slice]]  # the classes of a clip's stretches, and their frames
Rate = tuple[float, float, float]  # a share with its 95 % interval

# The fourth, face_alignment, downloads its weights from where nobody can rely on.
DETECTORS = ("mediapipe", "dlib", "yunet")
FOUND = 0.98  # of the hardest frames, at least
FILE_SIZE = "file size"
THUMBNAIL = (8, 6)
MUCH_PAIN = 0.25  # of the frames of a UNBC sequence: whether there is any depends on how long it is
DRAWS = 1000  # of the people, for each interval that is to hold


def biovid_parts(plan: ClipPlan) -> Parts:
    return [(int("PA4" in plan.clip), slice(0, plan.frames))]


def ai4pain_parts(plan: ClipPlan) -> Parts:
    """Cut the baseline into stretches as long as a clip of pain."""
    label = 0 if "Baseline" in plan.clip else 1 if "LOW" in plan.clip else 2
    stretches = len(plan.stimuli)
    frames = plan.frames // stretches
    return [(label, slice(place * frames, (place + 1) * frames)) for place in range(stretches)]


def mintpain_parts(plan: ClipPlan) -> Parts:
    return [(level // 4, slice(0, plan.frames)) for level in (int(plan.clip[-1]),) if level in (0, 4)]


def unbc_parts(plan: ClipPlan) -> Parts:
    return [(int((score(code(plan)) >= 1).mean() >= MUCH_PAIN), slice(0, plan.frames))]


@dataclass(frozen=True)
class Corpus:
    """A twin: what it is filmed with and written by, what has a label in it, and how much of it is looked at.

    `hardest`: whose strongest clips the detectors look at, and which clips these are. `of_files`: the classes whose
    clips are files of equal length. `without`: the sides that say nothing: pain may be under way in a sequence of UNBC
    when it begins, and its pictures tell no time.
    """

    name: str
    camera: Camera
    write: WriteClip
    parts: Callable[[ClipPlan], Parts]
    settings: TwinSettings
    hardest: tuple[TwinSettings, str]
    classes: int = 2
    of_files: tuple[int, ...] = (0, 1)
    without: tuple[str, ...] = ()


CORPORA = {
    "biovid": Corpus(
        "BioVid",
        BIOVID,
        write_video,
        biovid_parts,
        TwinSettings(87, STATED_ON, clips=4, seconds=0.4, levels=("BL1", "PA4")),
        (TwinSettings(87, STATED_ON, clips=1, levels=("PA4",)), "PA4"),
    ),
    "ai4pain": Corpus(
        "AI4Pain",
        replace(AI4PAIN, fps=15),
        write_video,
        ai4pain_parts,
        TwinSettings(65, STATED_ON, clips=4, seconds=0.4, fps=15, levels=("none", "low", "high")),
        (TwinSettings(65, STATED_ON, clips=1, fps=15), "HIGH"),
        classes=3,
        of_files=(1, 2),
    ),
    "unbc": Corpus(
        "UNBC",
        UNBC,
        write_sequence,
        unbc_parts,
        TwinSettings(25, STATED_ON, clips=8, seconds=0.5, uneven=True),
        (TwinSettings(25, STATED_ON, clips=2, seconds=4.0), "aff"),
        without=("first frame", "rate"),
    ),
    "mintpain": Corpus(
        "MIntPAIN",
        MINTPAIN,
        write_sweep,
        mintpain_parts,
        TwinSettings(20, STATED_ON, clips=4),
        (TwinSettings(20, STATED_ON, clips=2), "Label4"),
    ),
}


def seated(camera: Camera, plans: Iterable[ClipPlan]) -> Iterator[tuple[ClipPlan, Sitter]]:
    """Yield each plan with its person, who is seated once: to paint a sitter takes as long as to draw ten frames."""
    for _, of_person in groupby(plans, key=lambda plan: plan.person.name):
        sitter = None
        for plan in of_person:
            sitter = sitter or seat_person(camera, plan)
            yield plan, sitter


# --- the detectors find the faces ------------------------------------------------------------------------------------


def hard_frames(plan: ClipPlan, camera: Camera) -> list[np.ndarray]:
    """Film the frames where a face is hardest to find: eyes closed, head turned, mouth open, strongest action."""
    course = plan.performance(camera)
    units = course.action_units
    closed = units[:, [ACTION_UNITS.index("AU43"), ACTION_UNITS.index("AU45")]].max(1)
    chosen = (closed.argmax(), abs(course.head[:, 3]).argmax(), units[:, ACTION_UNITS.index("AU26")].argmax(),
              units.sum(1).argmax())  # fmt: skip
    sitter, sensor = seat_person(camera, plan), Sensor(camera, plan.seed, plan.clip)
    pictures = []
    for number in chosen:
        acts, pose = course.frame(int(number))
        exposure = camera.exposure * (1 + camera.exposure_spread * float(course.exposure[number]))
        pictures.append(sensor.expose(draw_face(sitter, acts, pose), exposure, sitter.colour))
    return pictures


def detection_rates(dataset: str, people: int | None = None) -> dict[str, Rate]:
    """Return the share of the hardest frames in which each detector finds a face, with its exact interval."""
    corpus = CORPORA[dataset]
    settings, strong = corpus.hardest
    if people:
        settings = replace(settings, subjects=people)
    plans = [plan for plan in PLANS[dataset](settings) if strong in plan.clip]
    pictures = [picture for plan in plans for picture in hard_frames(plan, corpus.camera)]
    found = {}
    for name in DETECTORS:
        find = load_detector(name)
        hits = sum(find(picture) is not None for picture in pictures)
        interval = binomtest(hits, len(pictures)).proportion_ci(method="exact")
        found[name] = (hits / len(pictures), interval.low, interval.high)
    return found


# --- only facial action gives the label away -------------------------------------------------------------------------


def besides(dataset: str, settings: TwinSettings, folder: Path) -> tuple[dict[str, list], list[int], list[str]]:
    """Write a twin's clips and read them back.

    Returns:
        What lies besides the face: name -> a row for each stretch that has a label. Its label. Whose it is.
    """
    corpus = CORPORA[dataset]
    rows, labels, people = [], [], []
    plans = [plan for plan in PLANS[dataset](settings) if corpus.parts(plan)]
    for plan, sitter in seated(corpus.camera, plans):
        corpus.write(folder, corpus.camera, sitter, plan)
        pictures, rate, size = read_back(folder / plan.media, plan)
        head = plan.performance(corpus.camera).head
        for label, frames in corpus.parts(plan):
            rows.append(_sides(pictures[frames], head[frames], plan) | {"rate": rate, FILE_SIZE: [size]})
            labels.append(label)
            people.append(plan.person.name)
    names = [name for name in rows[0] if name not in corpus.without]
    return {name: [row[name] for row in rows] for name in names}, labels, people


def read_back(path: Path, plan: ClipPlan) -> tuple[np.ndarray, list[float], float]:
    """Return the pictures of a clip, uint8 BGR (frames, height, width, 3), their rate, and the bytes of one."""
    if path.is_dir():
        files = sorted(path.iterdir())
        clock = np.diff(getattr(plan, "clock", (0, 1)))
        pictures = [cv2.imread(str(file)) for file in files]
        return np.array(pictures), [clock.mean(), clock.std()], sum(file.stat().st_size for file in files) / len(files)
    video = cv2.VideoCapture(str(path))
    pictures = [video.read()[1] for _ in range(plan.frames)]
    rate = video.get(cv2.CAP_PROP_FPS)
    video.release()
    return np.array(pictures), [rate], path.stat().st_size / len(pictures)


def _sides(pictures: np.ndarray, head: np.ndarray, plan: ClipPlan) -> dict[str, list | np.ndarray]:
    look, colours = plan.person.look, np.array([cv2.mean(picture)[:3] for picture in pictures])
    brightness = colours.mean(1)
    steps = np.abs(np.diff(head, axis=0)).mean(0)
    return {
        "colour": colours.mean(0),
        "brightness": [brightness.mean(), brightness.std()],
        "first frame": cv2.resize(pictures[0], THUMBNAIL, interpolation=cv2.INTER_AREA).ravel(),
        "length": [len(pictures)],
        "head motion": np.concatenate([head.mean(0), head.std(0), steps]),
        "identity": [*look.skin, look.face_width, look.brow_height, look.eye_height, look.wrinkles],
    }


def classify(features, labels, groups, forest: bool = False, tests: int = 1) -> Rate:
    """Return balanced accuracy on new subjects (5 grouped folds) and its 95 % bootstrap interval over subjects.

    All of so many `tests` hold together with 95 %.
    """
    features, labels, groups = np.asarray(features), np.asarray(labels), np.asarray(groups)
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=500))
    trees = RandomForestClassifier(200, min_samples_leaf=3, class_weight="balanced", random_state=0)
    predicted = cross_val_predict(trees if forest else linear, features, labels, groups=groups, cv=GroupKFold(5))
    subjects, of = np.unique(groups, return_inverse=True)
    classes, truth = np.unique(labels, return_inverse=True)
    confusion = np.zeros((len(subjects), len(classes), len(classes)))
    np.add.at(confusion, (of, truth, np.searchsorted(classes, predicted)), 1)
    draws = np.random.default_rng(0).multinomial(len(subjects), [1 / len(subjects)] * len(subjects), DRAWS * tests)
    counts = np.einsum("ds,sij->dij", draws, confusion)
    recalls = np.diagonal(counts, axis1=1, axis2=2) / np.maximum(1, counts.sum(2))
    low, high = np.percentile(recalls.mean(1), [2.5 / tests, 100 - 2.5 / tests])
    return float(balanced_accuracy_score(labels, predicted)), float(low), float(high)


def tells(interval: Rate, chance: float) -> bool:
    """Tell whether all of an interval is above chance.

    What lies below is not asked: nobody has shown that it says nothing.
    """
    return interval[1] - 1e-9 > chance


def chance_of(dataset: str, side: str) -> float:
    """Return what guessing reaches."""
    corpus = CORPORA[dataset]
    return 1 / (len(corpus.of_files) if side == FILE_SIZE else corpus.classes)


def tell_labels(datasets: dict[str, TwinSettings], folder: Path) -> dict[str, dict[str, Rate]]:
    """Return what each side of each twin tells of its labels; all intervals hold together with 95 %."""
    seen = {dataset: besides(dataset, settings, folder / dataset) for dataset, settings in datasets.items()}
    tests = sum(len(sides) for sides, *_ in seen.values())
    told = {}
    for dataset, (sides, labels, people) in seen.items():
        labels, people = np.array(labels), np.array(people)
        told[dataset] = {}
        for side, rows in sides.items():
            kept = np.isin(labels, CORPORA[dataset].of_files) if side == FILE_SIZE else np.ones(len(labels), bool)
            told[dataset][side] = classify(np.array(rows)[kept], labels[kept], people[kept], tests=tests)
    return told


def measure(folder: Path, quick: bool) -> dict:
    found = {dataset: detection_rates(dataset, 3 if quick else None) for dataset in CORPORA}
    sizes = {dataset: corpus.settings for dataset, corpus in CORPORA.items()}
    if quick:
        sizes = {dataset: replace(settings, subjects=8, clips=1, seconds=0.4) for dataset, settings in sizes.items()}
    told = tell_labels(sizes, folder)
    figures = []
    for dataset, corpus in CORPORA.items():
        worst = min(rate for rate, *_ in found[dataset].values())
        quiet = float(np.mean([not tells(rate, chance_of(dataset, side)) for side, rate in told[dataset].items()]))
        figures.append(Figure(f"{corpus.name}: hardest faces found, worst detector", worst, least=FOUND))
        figures.append(Figure(f"{corpus.name}: share of what lies besides the face that tells nothing", quiet, least=1))
    return {"figures": figures, "found": _rounded(found), "besides": _rounded(told)}


def _rounded(tables: dict[str, dict[str, Rate]]) -> dict[str, dict[str, list[float]]]:
    return {
        dataset: {what: [round(float(one), 4) for one in rate] for what, rate in rates.items()}
        for dataset, rates in tables.items()
    }


if __name__ == "__main__":
    main("guarantees", measure)
