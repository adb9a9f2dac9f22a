"""The twin of 3DPain: drawn faces whose action units are exactly those of their annotations, from several sides."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.core.store import write_atomically, write_json
from transferpain.data.pspi import MAXIMUM, pspi
from transferpain.data.synthetic.camera import PAIN3D, Camera, Sensor, seat
from transferpain.data.synthetic.face import ACTION_UNITS, SKIN, Sitter
from transferpain.data.synthetic.performance import COLUMN, Performance
from transferpain.data.synthetic.pictures import ENCODINGS
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.subjects import SubjectLook, invent_look
from transferpain.data.synthetic.videos import ClipPlan, Person, film_frame, write_clips

PEOPLE = 2500
FACES_A_PERSON = 10
# The dataset has about thirty pictures of a face; six are our choice, for speed.
VIEWS = 6
SCENES = 2  # backgrounds, each with its own light, that the views of a face take by turns
YAW = 0.24  # radians to either side
CODED = (4, 6, 7, 9, 10, 43)
NEUTRAL = (0,) * len(CODED)


@dataclass(frozen=True)
class FacePlan(ClipPlan):
    """One face, as many pictures as there are views of it.

    `clip`: what their names begin with. `coded`: what its annotation says of each of `CODED`. `shown`: what is drawn,
    which is the same but of a null twin.
    """

    coded: tuple[int, ...] = NEUTRAL
    shown: tuple[int, ...] = NEUTRAL

    def performance(self, camera: Camera) -> Performance:
        """Return what the pictures show: one face, the head turned a little further in each."""
        generator = np.random.default_rng(derive_seed(self.seed, self.clip, "views"))
        units = np.zeros((self.frames, len(ACTION_UNITS)), np.float32)
        units[:, [COLUMN[f"AU{number}"] for number in CODED]] = self.shown
        head = generator.normal(0, (0.05, 0.04, 0.06, 0.03, 0.06, 0.03, 0.2, 0.2), (self.frames, 8)).clip(-0.3, 0.3)
        head[:, 3] += np.linspace(-YAW, YAW, self.frames)
        head[:, 5] += 1.0
        exposure = generator.normal(0, 1, self.frames).astype(np.float32)
        return Performance(units, np.zeros((self.frames, len(SKIN)), np.float32), head.astype(np.float32), exposure)

    @property
    def pictures(self) -> list[str]:
        """The paths of the pictures inside the dataset's folder."""
        return [f"meshes_inpainted/{self.clip}_textured_view_{view:03d}_inpainted.jpg" for view in range(self.frames)]


def plan_pain3d(settings: TwinSettings) -> list[FacePlan]:
    """Plan the faces: of each person a neutral one, and `clips` of a PSPI from 1 to 16, each as often (our choice).

    Under null, what is drawn was dealt without a look at the annotations, also of the neutral face.

    Raises:
        UserError: if more than 2,500 subjects, `seconds`, `fps` or `levels` are asked for.
    """
    settings.refuse("3DPain", "seconds", "fps", "levels", "uneven")
    if settings.subjects > PEOPLE:
        raise UserError(
            "3DPain's twin cannot have so many subjects.",
            rule=f"3DPain has {PEOPLE} subjects.",
            received=settings.subjects,
            todo=f"Ask for {PEOPLE} subjects or fewer.",
        )
    seed = derive_seed(settings.seed, "pain3d")
    plans = []
    for number in range(settings.subjects):
        name = f"flame_sample_{number:04d}"
        person = Person(name, invent_look(seed, name))
        faces = settings.clips or FACES_A_PERSON
        coded = [NEUTRAL, *_deal(faces, seed, name, "coded")]
        shown = coded
        if settings.null:
            order = np.random.default_rng(derive_seed(seed, name, "null")).permutation(faces + 1)
            others = [NEUTRAL, *_deal(faces, seed, name, "shown")]
            shown = [others[place] for place in order]
        for place, (stated, drawn) in enumerate(zip(coded, shown, strict=True)):
            clip = f"{name}_pain_{place}" if place else f"{name}_neutral"
            plan = FacePlan(person, clip, "", VIEWS, 1.0, (), seed, stated, drawn)
            # What is written last; a neutral face has no annotation.
            last = f"annotations/{clip}_annotations.json" if place else plan.pictures[-1]
            plans.append(FacePlan(person, clip, last, VIEWS, 1.0, (), seed, stated, drawn))
    return plans


def _deal(faces: int, *seed_parts: int | str) -> list[tuple[int, ...]]:
    """Return the intensities of `CODED` in some faces whose scores are drawn alike often."""
    generator = np.random.default_rng(derive_seed(*seed_parts))
    dealt = []
    for score in generator.integers(1, MAXIMUM + 1, faces):
        ways = _ways(int(score))
        brow, tension, levator, closed = ways[generator.integers(len(ways))]
        # Of two units of which the higher one counts, the other is anything up to it.
        pairs = [generator.permutation((most, generator.integers(most + 1))) for most in (tension, levator)]
        dealt.append((brow, *(int(value) for pair in pairs for value in pair), closed))
    return dealt


@lru_cache(maxsize=MAXIMUM)
def _ways(score: int) -> list[tuple[int, int, int, int]]:
    """Return how the four parts of a PSPI may add up to it."""
    return [parts for parts in product(range(6), range(6), range(6), range(2)) if sum(parts) == score]


def annotation(plan: FacePlan) -> dict[str, int]:
    """Return what the annotation of a face says."""
    units = dict(zip(CODED, plan.coded, strict=True))
    return {f"AU{number}": value for number, value in units.items()} | {"PSPI": int(pspi(units))}


@lru_cache(maxsize=SCENES)
def _scene(camera: Camera, look: SubjectLook, seed: int, name: str, scene: int) -> Sitter:
    return seat(camera, look, seed, name, "scene", scene)


def write_face(folder: Path, camera: Camera, sitter: Sitter, plan: FacePlan) -> None:
    """Write the pictures of one face, then its annotation."""
    performance, sensor = plan.performance(camera), Sensor(camera, plan.seed, plan.clip)
    for view, name in enumerate(plan.pictures):
        place = _scene(camera, plan.person.look, plan.seed, plan.person.name, view % SCENES)
        picture = cv2.cvtColor(film_frame(sensor, place, performance, view), cv2.COLOR_RGB2BGR)
        coded = cv2.imencode(".jpg", picture, ENCODINGS[".jpg"])[1].tobytes()
        write_atomically(folder / name, lambda path, coded=coded: path.write_bytes(coded))
    if plan.media.endswith(".json"):
        write_json(folder / plan.media, annotation(plan))


def write_pain3d(folder: Path, settings: TwinSettings, advance: Callable[[int], object]) -> None:
    """Fill `folder` with the twin."""
    write_clips(write_face, folder, PAIN3D, plan_pain3d(settings), advance)
