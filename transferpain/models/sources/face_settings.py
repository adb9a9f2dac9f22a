"""What an experiment may choose about faces."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from transferpain.core.optional import is_installed, require

# dlib: "extend with a ratio of 25 %" (Hosseini, preprocessing). face_alignment: the tight box of the
# landmarks (Prajod names no margin). mediapipe and yunet: our choice, not a paper's.
DEFAULT_MARGINS = {"mediapipe": 0.0, "dlib": 0.25, "face_alignment": 0.0, "yunet": 0.0}

Detector = Literal["mediapipe", "dlib", "face_alignment", "yunet"]
Margin = Annotated[float, Field(ge=0, le=4)]
Side = Annotated[int, Field(ge=16, le=1024)]

# The part of the toolkit that a detector belongs to, where not every installation has it.
PARTS_OF_DETECTORS = {"face_alignment": "face-alignment"}


class FaceSettings(BaseModel):
    """How faces are found and cropped.

    Attributes:
        detector: the face detector.
        margin: by how much the square about the box is enlarged, as a share of its side: 0.25 makes it 1.25
            times as wide, 12.5 % on each side. `None` takes the detector's default.
        size: side of the cropped face in pixels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    detector: Detector = "mediapipe"
    margin: Margin | None = None
    size: Side = 224

    @property
    def resolved_margin(self) -> float:
        """The margin that is used: the given one or the detector's default."""
        return DEFAULT_MARGINS[self.detector] if self.margin is None else self.margin


def detector_is_installed(detector: str) -> bool:
    """Tell whether the packages of a detector are installed."""
    return detector not in PARTS_OF_DETECTORS or is_installed(PARTS_OF_DETECTORS[detector])


def check_installed(detector: str) -> None:
    """Refuse a detector whose packages are not installed.

    Raises:
        UserError: if they are not; the message says what to install.
    """
    if detector in PARTS_OF_DETECTORS:
        require(PARTS_OF_DETECTORS[detector], "Or choose a detector that is installed: faces.detector=mediapipe.")
