"""Backbones by kind: an image in, one feature map for each stride out. One file each."""

from trainer.model.backbones.csp import CSPDarknet
from trainer.model.backbones.darknet import Darknet53, TinyDarknet
from trainer.model.backbones.rfb import RFBNet
from trainer.model.backbones.timm import TimmBackbone

BACKBONES: dict[str, type] = {
    part.kind: part for part in (CSPDarknet, Darknet53, TinyDarknet, RFBNet, TimmBackbone)
}
