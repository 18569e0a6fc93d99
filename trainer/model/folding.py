"""Networks that only look: what a batch norm does is done by the convolution before it."""

from __future__ import annotations

import copy

from torch import nn

_FOLD = "fold"  # what a block calls the method by which it takes its norm into its convolution


def folded(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode that answers sooner: a convolution writes its map once, not twice.

    Its answers differ from the model's in the last bits; it is not to be trained. A block that can do so has
    a method `fold()`; norms of other blocks (those of a timm backbone) stay. The model is left as it is.
    """
    copied = copy.deepcopy(model).eval().requires_grad_(False)
    for module in list(copied.modules()):
        fold = getattr(module, _FOLD, None)
        if fold is not None:
            fold()
    return copied
