"""Necks by kind: they mix the backbone's maps across levels. One file each."""

from trainer.model.necks.bifpn import BiFPN
from trainer.model.necks.darknet import DarknetFPN, DarknetPAN, TinyFPN
from trainer.model.necks.none import NoNeck
from trainer.model.necks.pan import PAN

NECKS: dict[str, type] = {part.kind: part for part in (PAN, BiFPN, DarknetFPN, DarknetPAN, TinyFPN, NoNeck)}
