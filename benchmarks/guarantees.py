"""What a twin promises besides its ceilings: faces are found, and nothing but the face gives a label away.

Clips are written, and read back as any method reads them. What lies besides the face (colour, brightness, wall, hair,
first frame, length, rate, head motion, size of the file, whose clip it is) is asked for the label, on people it has not
seen.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from scipy.stats import binomtest

from benchmarks.measure import Figure, main
from benchmarks.shuffles import Judged, judge, judge_together
from transferpain.core.seeds import derive_seed
from transferpain.data.synthetic.behaviour.model import STATED_ON
from transferpain.data.synthetic.camera import AI4PAIN, BIOVID, MINTPAIN, UNBC, Camera, Sensor
from transferpain.data.synthetic.face import ACTION_UNITS, Pose, Sitter, draw_face, place_head
from transferpain.data.synthetic.mintpain import write_sweep
from transferpain.data.synthetic.plates import hair_front
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import PLANS
from transferpain.data.synthetic.unbc import code, score, write_sequence
from transferpain.data.synthetic.videos import (
    ClipPlan,
    WriteClip,
    draw_clip,
    encode_video,
    film_frame,
    seat_person,
    write_video,
)
from transferpain.inputs.faces.detectors import load_detector

Part = tuple[int, slice]  # the class of a stretch of a clip, and its frames
Rate = tuple[float, float, float]  # a share with its 95 % interval

# The fourth, face_alignment, downloads its weights from where nobody can rely on.
DETECTORS = ("mediapipe", "dlib", "yunet")
FOUND = 0.98  # of the hardest frames, at least
THUMBNAIL = (8, 6)
EDGE, ABOVE = 0.15, 0.5  # of the picture's width at either side, of its height: only the wall is there
INNER, SURE = 9, 250  # pixels of a plate at the edge of hair that are left out, half of them a side; how opaque it is
MUCH_PAIN = 0.25  # of the frames of a UNBC sequence: whether there is any depends on how long it is


# One stretch a clip: stretches of the same clip have light, noise and posture in common, so that their labels could not
# be shuffled with those of other clips.


def biovid_part(plan: ClipPlan) -> Part:
    return int("PA4" in plan.clip), slice(0, plan.frames)


def ai4pain_part(plan: ClipPlan) -> Part:
    """Take from the baseline one stretch as long as a clip of pain, anywhere."""
    label = 0 if "Baseline" in plan.clip else 1 if "LOW" in plan.clip else 2
    stretches = len(plan.stimuli)
    frames = plan.frames // stretches
    start = frames * int(np.random.default_rng(derive_seed(plan.seed, plan.clip, "stretch")).integers(stretches))
    return label, slice(start, start + frames)


def mintpain_part(plan: ClipPlan) -> Part | None:
    level = int(plan.clip[-1])
    return (level // 4, slice(0, plan.frames)) if level in (0, 4) else None


def unbc_part(plan: ClipPlan) -> Part:
    return int((score(code(plan)) >= 1).mean() >= MUCH_PAIN), slice(0, plan.frames)


@dataclass(frozen=True)
class Corpus:
    """A twin: what it is filmed with and written by, what has a label in it, and how much of it is looked at.

    `part`: the stretch of a clip that has a label; `None` where no label is asked for. `hardest`: whose clips the
    detectors look at, and what the names of these have in them: the strongest, of UNBC all. `without`: the sides that
    say nothing: pain may be under way in a sequence of UNBC when it begins, and its pictures tell no time.
    """

    name: str
    camera: Camera
    write: WriteClip
    part: Callable[[ClipPlan], Part | None]
    settings: TwinSettings
    hardest: tuple[TwinSettings, str]
    classes: int = 2
    without: tuple[str, ...] = ()


CORPORA = {
    "biovid": Corpus(
        "BioVid",
        BIOVID,
        write_video,
        biovid_part,
        TwinSettings(87, STATED_ON, clips=4, seconds=0.4, levels=("BL1", "PA4")),
        (TwinSettings(87, STATED_ON, clips=1, levels=("PA4",)), "PA4"),
    ),
    "ai4pain": Corpus(
        "AI4Pain",
        replace(AI4PAIN, fps=15),
        write_video,
        ai4pain_part,
        TwinSettings(65, STATED_ON, clips=4, seconds=0.4, fps=15, levels=("none", "low", "high")),
        (TwinSettings(65, STATED_ON, clips=1, fps=15), "HIGH"),
        classes=3,
    ),
    "unbc": Corpus(
        "UNBC",
        UNBC,
        write_sequence,
        unbc_part,
        TwinSettings(25, STATED_ON, clips=8, seconds=0.5, uneven=True),
        (TwinSettings(25, STATED_ON, clips=2, seconds=4.0), ""),
        without=("first frame", "rate"),
    ),
    "mintpain": Corpus(
        "MIntPAIN",
        MINTPAIN,
        write_sweep,
        mintpain_part,
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
    return [film_frame(sensor, sitter, course, int(number)) for number in chosen]


def detection_rates(dataset: str, people: int | None = None) -> dict[str, Rate]:
    """Return the share of the hardest frames in which each detector finds a face, with an interval.

    A person's frames are alike. So the interval is that of people of whom each hardest frame is found (exact, 95 %).
    """
    corpus = CORPORA[dataset]
    settings, strong = corpus.hardest
    if people:
        settings = replace(settings, subjects=people)
    plans = [plan for plan in PLANS[dataset](settings) if strong in plan.clip]
    pictures = [(plan.person.name, picture) for plan in plans for picture in hard_frames(plan, corpus.camera)]
    found = {}
    for name in DETECTORS:
        find = load_detector(name)
        hits = pd.DataFrame([(who, find(picture) is not None) for who, picture in pictures], columns=["who", "hit"])
        whole = hits.groupby("who").hit.all()
        interval = binomtest(int(whole.sum()), len(whole)).proportion_ci(method="exact")
        found[name] = (float(hits.hit.mean()), interval.low, interval.high)
    return found


# --- only facial action gives the label away -------------------------------------------------------------------------


def besides(dataset: str, settings: TwinSettings, folder: Path) -> tuple[dict[str, list], list[int], list[str]]:
    """Write a twin's clips and read them back.

    Returns:
        What lies besides the face: name -> a row for each clip that has a label. Its label. Whose it is.
    """
    corpus = CORPORA[dataset]
    rows, labels, people = [], [], []
    plans = [plan for plan in PLANS[dataset](settings) if corpus.part(plan)]
    for plan, sitter in seated(corpus.camera, plans):
        corpus.write(folder, corpus.camera, sitter, plan)
        label, frames = corpus.part(plan)
        pictures, rate = read_back(folder / plan.media, plan)
        size = bytes_of(folder, corpus.camera, sitter, plan, frames)
        course = plan.performance(corpus.camera)
        poses = [course.frame(number)[1] for number in range(frames.start, frames.stop)]
        sides = _sides(pictures[frames], course.head[frames], plan) | {"rate": rate, "file size": [size]}
        sides["hair"] = _hair(pictures[frames], sitter, poses)
        rows.append({name: side for name, side in sides.items() if name not in corpus.without})
        labels.append(label)
        people.append(plan.person.name)
    return {name: [row[name] for row in rows] for name in rows[0]}, labels, people


def read_back(path: Path, plan: ClipPlan) -> tuple[np.ndarray, list[float]]:
    """Return the pictures of a clip, uint8 BGR (frames, height, width, 3), and their rate."""
    if path.is_dir():
        clock = np.diff(getattr(plan, "clock", (0, 1)))
        return np.array([cv2.imread(str(file)) for file in sorted(path.iterdir())]), [clock.mean(), clock.std()]
    video = cv2.VideoCapture(str(path))
    pictures = [video.read()[1] for _ in range(plan.frames)]
    rate = video.get(cv2.CAP_PROP_FPS)
    video.release()
    return np.array(pictures), [rate]


def bytes_of(folder: Path, camera: Camera, sitter: Sitter, plan: ClipPlan, frames: slice) -> float:
    """Return the bytes of a picture of a clip's stretch.

    A picture of a short video weighs more than one of a long video, so that a stretch is drawn into a file of its own.
    """
    path, count = folder / plan.media, frames.stop - frames.start
    if path.is_dir():
        return sum(file.stat().st_size for file in path.iterdir()) / count
    if count < plan.frames:
        path = folder / "stretch.mp4"
        encode_video(path, camera, islice(draw_clip(camera, sitter, plan), frames.start, frames.stop))
    return path.stat().st_size / count


def _sides(pictures: np.ndarray, head: np.ndarray, plan: ClipPlan) -> dict[str, list | np.ndarray]:
    look, steps = plan.person.look, np.abs(np.diff(head, axis=0)).mean(0)
    colour, brightness = _light(pictures)
    wall_colour, wall_brightness = _light(_wall(pictures))
    return {
        "colour": _course(colour),
        "brightness": _course(brightness),
        "wall: colour": _course(wall_colour),
        "wall: brightness": _course(wall_brightness),
        "first frame": cv2.resize(pictures[0], THUMBNAIL, interpolation=cv2.INTER_AREA).ravel(),
        "length": [len(pictures)],
        "head motion": np.concatenate([head.mean(0), head.std(0), steps]),
        "identity": [*look.skin, look.face_width, look.brow_height, look.eye_height, look.wrinkles],
    }


def _wall(pictures: np.ndarray) -> np.ndarray:
    """Return what is beside and above the head in pictures (frames, height, width, 3)."""
    height, width = pictures.shape[1:3]
    rows, edge = slice(0, int(ABOVE * height)), int(EDGE * width)
    return np.concatenate([pictures[:, rows, :edge], pictures[:, rows, -edge:]], axis=2)


def _hair(pictures: np.ndarray, sitter: Sitter, poses: list[Pose]) -> np.ndarray:
    """Return the course of the colour of a person's hair over that of the wall, as logarithms; 0 where none is seen.

    Over the wall's: beside the changes of exposure a probe would not see a hundredth. Over the same of the drawn person
    at rest: beside what differs between people it would see nothing at all.
    """
    inner = cv2.erode(hair_front(sitter.look), np.ones((INNER, INNER), np.uint8))
    ratios = np.array([_over_wall(*one, sitter, inner) for one in zip(pictures, poses, strict=True)])
    at_rest = _over_wall(draw_face(sitter, {}, Pose())[..., ::-1], Pose(), sitter, inner)
    return _course(ratios - at_rest)


def _over_wall(picture: np.ndarray, pose: Pose, sitter: Sitter, hair: np.ndarray) -> np.ndarray:
    """Return the logarithms (3,) of the hair's colour over the wall's, where the true pose says that hair is for sure.

    `hair`: where on the plate, uint8 (height, width). Without any, each is 0.
    """
    there = np.uint8(cv2.warpAffine(hair, place_head(sitter, pose), picture.shape[1::-1]) > SURE)
    if not there.any():
        return np.zeros(3)
    return np.log(np.divide(cv2.mean(picture, there)[:3], cv2.mean(_wall(picture[None])[0])[:3]))


def _light(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the colour of each picture (frames, 3), as shares of its brightness, and the brightness (frames, 1).

    Shares, because beside the changes of exposure a probe would not see a small change of colour.
    """
    colours = np.array([cv2.mean(picture)[:3] for picture in pictures])
    brightness = colours.mean(axis=1, keepdims=True)
    return colours / brightness, brightness


def _course(values: np.ndarray) -> np.ndarray:
    """Return the mean of values (frames, n), their spread, and how they have moved from the first third to the last."""
    third = -(-len(values) // 3)
    return np.concatenate([values.mean(0), values.std(0), values[-third:].mean(0) - values[:third].mean(0)])


def tell_labels(datasets: dict[str, TwinSettings], folder: Path) -> dict[str, dict[str, Judged]]:
    """Return what each side of each twin tells of its labels; p is corrected over all of them."""
    rows = {}
    for dataset, settings in datasets.items():
        sides, labels, people = besides(dataset, settings, folder / dataset)
        rows |= {(dataset, side): judge(values, labels, people) for side, values in sides.items()}
    told = {dataset: {} for dataset in datasets}
    for (dataset, side), row in judge_together(rows).items():
        told[dataset][side] = row
    return told


def measure(folder: Path, quick: bool) -> dict:
    found = {dataset: detection_rates(dataset, 3 if quick else None) for dataset in CORPORA}
    sizes = {dataset: corpus.settings for dataset, corpus in CORPORA.items()}
    if quick:
        sizes = {dataset: replace(settings, subjects=8, clips=2, seconds=0.4) for dataset, settings in sizes.items()}
    told = tell_labels(sizes, folder)
    figures = []
    for dataset, corpus in CORPORA.items():
        worst = min(rate for rate, *_ in found[dataset].values())
        quiet = float(np.mean([row.at_chance for row in told[dataset].values()]))
        figures.append(Figure(f"{corpus.name}: hardest faces found, worst detector", worst, least=FOUND))
        figures.append(Figure(f"{corpus.name}: share of what lies besides the face that tells nothing", quiet, least=1))
    return {
        "figures": figures,
        "found": {dataset: _rounded(rates) for dataset, rates in found.items()},
        "besides": {dataset: {side: row.facts() for side, row in rows.items()} for dataset, rows in told.items()},
    }


def _rounded(rates: dict[str, Rate]) -> dict[str, list[float]]:
    return {what: [round(float(one), 4) for one in rate] for what, rate in rates.items()}


if __name__ == "__main__":
    main("guarantees", measure)
