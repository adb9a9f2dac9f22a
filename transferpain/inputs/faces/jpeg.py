"""How pictures of faces are kept: as JPEGs."""

import numpy as np

# 4:4:4 keeps the colour of every pixel: redness of the skin is part of what the models see.
JPEG_QUALITY = 95
ENCODING = f"jpeg quality {JPEG_QUALITY} 4:4:4"


def encode_jpeg(image: np.ndarray) -> bytes:
    """Encode uint8 RGB `(height, width, 3)` as a JPEG of quality 95 without colour subsampling."""
    import cv2

    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        JPEG_QUALITY,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    return encoded.tobytes()


def decode_jpeg(encoded: bytes) -> np.ndarray:
    """Decode a JPEG to uint8 RGB `(height, width, 3)`."""
    import cv2

    return cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB)
