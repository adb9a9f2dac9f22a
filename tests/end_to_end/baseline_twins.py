"""The drawn data of the baseline, and where faces are hidden in it: a twin shows one in every frame."""

from pathlib import Path

import cv2
import numpy as np

TWINS = {
    "biovid": {"subjects": 9, "seed": 1, "clips": 2, "seconds": 0.5},
    "ai4pain": {"subjects": 9, "seed": 2, "clips": 1, "seconds": 0.5},
    "unbc": {"subjects": 25, "seed": 3, "clips": 1, "seconds": 0.2},
    "mintpain": {"subjects": 17, "seed": 4, "clips": 1, "seconds": 0.6},
    "ferplus": {"subjects": 18, "seed": 5, "clips": 8},
}
GREY = 127
# Every so many videos and pictures a face is hidden; the clips named here never show one.
VIDEO_STEP = 7
PICTURE_STEP = 7
WITHOUT_FACE = {"biovid": "*PA2*.mp4", "ai4pain": "*LOW*.mp4"}


def hide_faces(data_root: Path) -> None:
    """Hide faces: the middle third of some videos, one clip a dataset from end to end, and single pictures."""
    for dataset, pattern in WITHOUT_FACE.items():
        for video in sorted((data_root / dataset).rglob("*.mp4"))[::VIDEO_STEP]:
            frames = len(read_frames(video))
            hide_in_video(video, frames // 3, 2 * frames // 3)
        hide_in_video(sorted((data_root / dataset).rglob(pattern))[-1], 0, None)
    for picture in sorted((data_root / "unbc" / "Images").rglob("*.png"))[::PICTURE_STEP]:
        cv2.imwrite(str(picture), np.full_like(cv2.imread(str(picture)), GREY))


def hide_in_video(video: Path, first: int, last: int | None) -> None:
    """Write a video anew, grey from the frame `first` up to but without `last`, or the end."""
    capture = cv2.VideoCapture(str(video))
    rate = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    frames = read_frames(video)
    for frame in frames[first:last]:
        frame[:] = GREY
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"mp4v"), rate, (width, height))
    for frame in frames:
        writer.write(frame)
    writer.release()


def read_frames(video: Path) -> list[np.ndarray]:
    """Return the frames of a video, uint8 BGR."""
    capture = cv2.VideoCapture(str(video))
    frames = []
    while True:
        there, frame = capture.read()
        if not there:
            capture.release()
            return frames
        frames.append(frame)
