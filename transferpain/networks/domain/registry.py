"""The domain losses, one line each; `adaptation` names one of them, by itself or as `<name>_transductive`."""

from transferpain.core.registry import Registry
from transferpain.networks.domain.base import DomainLoss
from transferpain.networks.domain.dann import DANN
from transferpain.networks.domain.deep_coral import DEEP_CORAL
from transferpain.networks.domain.mmd import MMD

DOMAIN_LOSSES: Registry[DomainLoss] = Registry("domain loss", [DEEP_CORAL, DANN, MMD])
