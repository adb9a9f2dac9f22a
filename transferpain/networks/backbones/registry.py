"""The backbones, one line each."""

from transferpain.core.registry import Registry
from transferpain.networks.backbones.resnet18 import RESNET18
from transferpain.networks.backbones.vgg16 import VGG16

BACKBONES = Registry(
    "backbone",
    [
        VGG16,
        RESNET18,
    ],
)
DEFAULT = VGG16.name  # of an experiment that names none
