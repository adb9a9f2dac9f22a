"""The clip networks, one line each."""

from transferpain.core.registry import Registry
from transferpain.networks.clips.base import ClipNetwork
from transferpain.networks.clips.cnn_3d import CNN_3D
from transferpain.networks.clips.vivit import VIVIT

CLIP_NETWORKS: Registry[ClipNetwork] = Registry("clip network", [CNN_3D, VIVIT])
