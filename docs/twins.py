"""Draws docs/twins.jpg: invented people of each twin at each of its levels: `python -m docs.twins`."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from transferpain.data.synthetic.behaviour.model import STATED_ON
from transferpain.data.synthetic.camera import AI4PAIN, BIOVID, MINTPAIN, UNBC, Camera, Sensor
from transferpain.data.synthetic.performance import SCORED
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import PLANS
from transferpain.data.synthetic.unbc import code, score
from transferpain.data.synthetic.videos import ClipPlan, film_frame, seat_person

PEOPLE = 3
SIDE = 120  # pixels of one picture
HEAD = 18  # pixels of the line above
LEVELS = {
    "biovid": (BIOVID, "BioVid", ("BL1", "PA1", "PA2", "PA3", "PA4")),
    "ai4pain": (AI4PAIN, "AI4Pain", ("Baseline", "LOW", "HIGH")),
    "unbc": (UNBC, "UNBC, PSPI", ("0", "1", "3", "5", "8")),
    "mintpain": (MINTPAIN, "MIntPAIN", ("Label0", "Label1", "Label2", "Label3", "Label4")),
}


def film(camera: Camera, plan: ClipPlan, frame: int) -> np.ndarray:
    """Return one frame of a clip as it is filmed, its middle, uint8 RGB (SIDE, SIDE, 3)."""
    sensor = Sensor(camera, plan.seed, plan.clip)
    picture = film_frame(sensor, seat_person(camera, plan), plan.performance(camera), frame)
    left = (camera.width - camera.height) // 2
    return cv2.resize(picture[:, left : left + camera.height], (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def apex(camera: Camera, plan: ClipPlan) -> int:
    """Return the frame in which the units of pain are strongest."""
    return int(plan.performance(camera).action_units[:, SCORED].sum(1).argmax())


def coded(plans: list[ClipPlan], pain: int) -> tuple[ClipPlan, int] | None:
    """Return the first sequence and frame of this PSPI, if there is one."""
    found = ((plan, np.flatnonzero(score(code(plan)) == pain)) for plan in plans)
    return next(((plan, int(frames[len(frames) // 2])) for plan, frames in found if len(frames)), None)


def people(dataset: str) -> Iterator[list[np.ndarray]]:
    """Yield the pictures of each person shown, level by level; of UNBC those who reach every PSPI that is shown."""
    camera, _, levels = LEVELS[dataset]
    settings = TwinSettings(25, STATED_ON) if dataset == "unbc" else TwinSettings(12, STATED_ON, clips=1, seconds=4.0)
    shown = 0
    for _, of_person in groupby(PLANS[dataset](settings), key=lambda plan: plan.person):
        mine = list(of_person)
        if shown == PEOPLE or mine[0].person.temperament.expressiveness <= 0.5:
            continue
        if dataset == "unbc":
            chosen = [coded(mine, int(level)) for level in levels]
        else:
            clips = [next(plan for plan in mine if level in plan.clip) for level in levels]
            chosen = [(plan, apex(camera, plan)) for plan in clips]
        if all(chosen):
            shown += 1
            yield [film(camera, plan, frame) for plan, frame in chosen]


def strip(dataset: str) -> np.ndarray:
    """Return all pictures of one twin under their levels."""
    _, title, levels = LEVELS[dataset]
    rows = [np.hstack(pictures) for pictures in people(dataset)]
    head = np.full((HEAD, rows[0].shape[1], 3), 255, np.uint8)
    for place, level in enumerate(levels):
        text = f"{title} {level}" if place == 0 else level
        cv2.putText(head, text, (place * SIDE + 3, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (40, 40, 40), 1, cv2.LINE_AA)
    return np.vstack([head, *rows])


def main() -> None:
    strips = [strip(dataset) for dataset in LEVELS]
    width = max(one.shape[1] for one in strips)
    page = np.vstack([
        cv2.copyMakeBorder(one, 0, 0, 0, width - one.shape[1], cv2.BORDER_CONSTANT, value=(255, 255, 255))
        for one in strips
    ])  # fmt: skip
    coded = cv2.imencode(".jpg", cv2.cvtColor(page, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    (Path(__file__).parent / "twins.jpg").write_bytes(coded.tobytes())


if __name__ == "__main__":
    main()
