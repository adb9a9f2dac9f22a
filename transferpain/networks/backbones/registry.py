"""The backbones, one line each."""

from transferpain.core.registry import Registry
from transferpain.networks.backbones.alexnet import ALEXNET
from transferpain.networks.backbones.densenet121 import DENSENET121
from transferpain.networks.backbones.efficientnet_b0 import EFFICIENTNET_B0
from transferpain.networks.backbones.enet import ENET
from transferpain.networks.backbones.googlenet import GOOGLENET
from transferpain.networks.backbones.inception_v3 import INCEPTION_V3
from transferpain.networks.backbones.mobilenet_v2 import MOBILENET_V2
from transferpain.networks.backbones.resnet18 import RESNET18
from transferpain.networks.backbones.resnet34 import RESNET34
from transferpain.networks.backbones.resnet50 import RESNET50
from transferpain.networks.backbones.resnet101 import RESNET101
from transferpain.networks.backbones.resnext50 import RESNEXT50
from transferpain.networks.backbones.shufflenet_v2 import SHUFFLENET_V2
from transferpain.networks.backbones.squeezenet import SQUEEZENET
from transferpain.networks.backbones.vgg16 import VGG16
from transferpain.networks.backbones.vgg19 import VGG19
from transferpain.networks.backbones.vit_s16 import VIT_S16

BACKBONES = Registry(
    "backbone",
    [
        VGG16,
        RESNET18,
        VGG19,
        RESNET34,
        RESNET50,
        RESNET101,
        RESNEXT50,
        DENSENET121,
        GOOGLENET,
        INCEPTION_V3,
        ALEXNET,
        SQUEEZENET,
        MOBILENET_V2,
        SHUFFLENET_V2,
        EFFICIENTNET_B0,
        ENET,
        VIT_S16,
    ],
)
DEFAULT = VGG16.name  # of an experiment that names none
