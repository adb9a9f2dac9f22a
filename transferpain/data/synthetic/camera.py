"""What each dataset's twin is filmed with: frame size and rate, light, noise, background, exposure."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from transferpain.core.seeds import derive_seed
from transferpain.data.synthetic.face import Sitter
from transferpain.data.synthetic.plates import STEP, SUBPIXEL
from transferpain.data.synthetic.subjects import SubjectLook


@dataclass(frozen=True)
class Camera:
    """A place where faces are filmed.

    `zoom`: pixels an inter-ocular distance; `eye_line`: how far down the picture the eyes are, 0..1.
    `exposure` is the mean brightness, 0..255, that the automatic exposure aims at; `exposure_spread` the relative
    standard deviation between clips. `tint` multiplies red, green, blue. `noise` is the sensor's standard deviation
    in grey levels; `blur` a Gaussian's sigma in pixels, 0 = sharp.
    `light`: direction, as in `Sitter`; `wall`: RGB of the background; `clutter`: how many things are on it.
    """

    name: str
    width: int
    height: int
    fps: int
    zoom: float
    eye_line: float
    exposure: float
    exposure_spread: float
    tint: tuple[float, float, float]
    noise: float
    blur: float
    light: tuple[float, float]
    wall: tuple[int, int, int]
    clutter: int


# BioVid films at 1388x1038; the twin's 320x240 keeps its shape (our choice, for speed).
BIOVID = Camera(
    name="biovid", width=320, height=240, fps=25, zoom=55, eye_line=0.47,
    exposure=104, exposure_spread=0.06, tint=(1.0, 1.0, 0.97), noise=3.0, blur=0.0,
    light=(0.35, 0.1), wall=(92, 100, 98), clutter=2,
)  # fmt: skip
# AI4Pain films with a webcam; 416x240 keeps its wide shape (our choice, for speed).
AI4PAIN = Camera(
    name="ai4pain", width=416, height=240, fps=30, zoom=53, eye_line=0.47,
    exposure=128, exposure_spread=0.06, tint=(1.05, 1.0, 0.92), noise=5.0, blur=0.7,
    light=(-0.45, -0.1), wall=(168, 160, 148), clutter=9,
)  # fmt: skip
# 320x240 is UNBC's size as it is recalled; the frame rate is stated nowhere (30 is our choice).
UNBC = Camera(
    name="unbc", width=320, height=240, fps=30, zoom=47, eye_line=0.46,
    exposure=112, exposure_spread=0.08, tint=(1.0, 1.0, 1.0), noise=1.0, blur=0.6,
    light=(0.1, -0.2), wall=(116, 112, 122), clutter=5,
)  # fmt: skip
# MIntPAIN's colour camera films at 1920x1080; 384x216 keeps its shape, 5 pictures per second are our choice (speed).
MINTPAIN = Camera(
    name="mintpain", width=384, height=216, fps=5, zoom=47, eye_line=0.46,
    exposure=120, exposure_spread=0.06, tint=(0.97, 1.0, 1.04), noise=2.5, blur=0.4,
    light=(0.25, -0.15), wall=(140, 146, 150), clutter=4,
)  # fmt: skip
# Drawn large, then reduced to FER2013's 48x48.
FERPLUS = Camera(
    name="ferplus", width=144, height=144, fps=25, zoom=44, eye_line=0.41,
    exposure=122, exposure_spread=0.15, tint=(1.0, 1.0, 1.0), noise=2.5, blur=0.0,
    light=(0.0, 0.0), wall=(128, 128, 128), clutter=3,
)  # fmt: skip
# 3DPain's pictures are rendered, without a sensor's noise; size and backgrounds are our choice.
PAIN3D = Camera(
    name="pain3d", width=240, height=240, fps=1, zoom=52, eye_line=0.44,
    exposure=120, exposure_spread=0.08, tint=(1.0, 1.0, 1.0), noise=0.5, blur=0.4,
    light=(-0.2, 0.2), wall=(132, 130, 126), clutter=7,
)  # fmt: skip


CAMERAS = (BIOVID, AI4PAIN, UNBC, MINTPAIN, FERPLUS, PAIN3D)
PLACES = 96  # along each side, where the noise of a frame may be cut from


def seat(camera: Camera, look: SubjectLook, *seed_parts: int | str) -> Sitter:
    """Set a person before the camera: background, light and place vary a little between people."""
    generator = np.random.default_rng(derive_seed(*seed_parts, "seat"))
    light = tuple(float(np.clip(value + generator.normal(0, 0.3), -0.9, 0.9)) for value in camera.light)
    place = (0.5 + generator.normal(0, 0.012), camera.eye_line + generator.normal(0, 0.008))
    zoom = camera.zoom * float(np.clip(generator.normal(1, 0.025), 0.94, 1.06))
    background = _background(camera, generator)
    centre = place[0] * camera.width
    neck_top, shoulder = place[1] * camera.height + 1.1 * zoom, place[1] * camera.height + 2.25 * zoom
    skin = tuple(channel * 0.62 for channel in look.skin)
    body = [(-2.6, 3.2), (-2.3, 0.35), (-0.9, -0.05), (0.9, -0.05), (2.3, 0.35), (2.6, 3.2)]
    neck = [(-0.62, 0), (0.62, 0), (0.72, 1.4), (-0.72, 1.4)]
    for points, top, colour in ((body, shoulder, look.clothes), (neck, neck_top, skin)):
        pixels = np.array([(centre + x * zoom, top + y * zoom) for x, y in points])
        cv2.fillPoly(background, [np.rint(pixels * STEP).astype(np.int32)], colour, cv2.LINE_AA, SUBPIXEL)
    return Sitter(look, background, light, zoom, place, warmth=float(generator.normal(0, 0.05)))


def _background(camera: Camera, generator: np.random.Generator) -> np.ndarray:
    shape = (camera.height, camera.width)
    wall = np.clip(np.array(camera.wall) * generator.normal(1, 0.06) + generator.normal(0, 3, 3), 20, 235)
    image = np.empty((*shape, 3), np.uint8)
    image[:] = wall
    for _ in range(camera.clutter):
        left, top = generator.integers(-20, camera.width), generator.integers(-20, camera.height)
        right, bottom = left + generator.integers(12, 120), top + generator.integers(12, 120)
        colour = np.clip(wall + generator.normal(0, 25) + generator.normal(0, 6, 3), 10, 245).tolist()
        cv2.rectangle(image, (int(left), int(top)), (int(right), int(bottom)), colour, -1)
    image = cv2.GaussianBlur(image, (0, 0), 2.5)
    ramp = np.linspace(1 - 0.12 * np.sign(camera.light[0]), 1 + 0.12 * np.sign(camera.light[0]), camera.width)
    return np.clip(image * ramp[None, :, None], 0, 255).astype(np.uint8)


class Sensor:
    """Turns drawn pictures into filmed ones: exposure, tint, blur, noise. One for each clip."""

    def __init__(self, camera: Camera, *seed_parts: int | str):
        self.camera = camera
        self.generator = np.random.default_rng(derive_seed(*seed_parts, "sensor"))
        self.tint = np.array(camera.tint) * self.generator.normal(1, 0.03, 3)
        self.grains = _grains(camera)

    def expose(self, picture: np.ndarray, exposure: float, rest: np.ndarray) -> np.ndarray:
        """Film one picture so that a picture of mean colour `rest` (3,), 0..255, has the mean brightness `exposure`.

        Gains that followed each picture's own mean would turn the background against what the face does.
        """
        gains = self.tint * exposure / max(1.0, (self.tint * rest).mean())
        filmed = cv2.multiply(picture, (*gains, 1.0))
        if self.camera.blur:
            filmed = cv2.GaussianBlur(filmed, (3, 3), self.camera.blur)
        top, left, upside = self.generator.integers(0, (PLACES, PLACES, 2))
        window = slice(top, top + self.camera.height), slice(left, left + self.camera.width)
        lighter, darker = self.grains if upside else self.grains[::-1]
        return cv2.subtract(cv2.add(filmed, lighter[window]), darker[window])


@lru_cache(maxsize=len(CAMERAS))
def _grains(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Return a field of noise, larger than a frame, from which each frame's is cut at a random place.

    New noise for every frame would be too slow. Lighter and darker grains are apart, uint8 (height, width, 3):
    bytes are added and subtracted ten times faster than other numbers.
    """
    generator = np.random.default_rng(derive_seed(camera.name, "grains"))
    field = generator.standard_normal((camera.height + PLACES, camera.width + PLACES, 3), np.float32)
    field = np.rint(field * np.float32(camera.noise)).astype(np.int16)
    return field.clip(0, 255).astype(np.uint8), (-field).clip(0, 255).astype(np.uint8)
