"""The heads, one line each."""

from transferpain.core.registry import Registry
from transferpain.networks.heads import ann, lstm
from transferpain.networks.heads.base import Head

HEADS: Registry[Head] = Registry("head", [ann.ANN, lstm.LSTM])
