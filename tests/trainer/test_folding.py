"""A network whose norms are folded into its convolutions answers as before; the network stays as it is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from trainer.model.blocks import Conv
from trainer.model.folding import folded
from trainer.model.network import build
from trainer.model.wish import Wish
from trainer.model.zoo import configure


def norms(model: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def lived(model: nn.Module) -> nn.Module:
    """A network in evaluation whose norms have numbers of their own, as after a training."""
    for norm in norms(model):
        for tensor in (norm.running_mean, norm.bias):
            assert tensor is not None
            nn.init.uniform_(tensor, -0.5, 0.5)
        for tensor in (norm.running_var, norm.weight):
            assert tensor is not None
            nn.init.uniform_(tensor, 0.5, 2)
    return model.double().eval()


def test_one_convolution_by_hand() -> None:
    """3 x - 1 through a norm of mean 2, variance 4 and eps 0, weight 6, bias 5: 6 (3 x - 1 - 2) / 2 + 5."""
    conv = Conv(1, 1, act=None).eval()
    assert isinstance(conv.bn, nn.BatchNorm2d) and conv.bn.running_mean is not None
    assert conv.bn.running_var is not None
    conv.conv.weight.data.fill_(3)
    conv.conv.bias = nn.Parameter(torch.tensor([-1.0]))
    conv.bn.running_mean.fill_(2)
    conv.bn.running_var.fill_(4)
    conv.bn.eps = 0
    conv.bn.weight.data.fill_(6)
    conv.bn.bias.data.fill_(5)
    quick = folded(conv)
    assert isinstance(quick, Conv)
    assert quick.conv.weight.item() == pytest.approx(9)  # 6 * 3 / 2
    assert quick.conv.bias is not None and quick.conv.bias.item() == pytest.approx(-4)  # 6 * (-1 - 2) / 2 + 5


@pytest.mark.parametrize(
    ("name", "wish"),
    [
        ("yolov5n", Wish()),
        ("yolov5s-v3.1", Wish()),  # stages with one norm for both halves
        ("yolov3-tiny", Wish()),
        ("rfb", Wish()),  # dilated convolutions without activation
        ("light", Wish(head="free", neck="bifpn")),
        ("light", Wish(head="ssd")),
    ],
)
def test_the_answers_are_the_same_and_no_norm_is_left(name: str, wish: Wish) -> None:
    torch.manual_seed(0)
    model = lived(build(configure(name, 2, imgsz=64, wish=wish)))
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    quick = folded(model)
    assert norms(model) and not norms(quick)
    image = torch.rand(2, 3, 64, 64, dtype=torch.double)
    for one, other in zip(model(image), quick(image), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_folding_twice_is_folding_once() -> None:
    quick = folded(lived(build(configure("light", 1, imgsz=64))))
    again = folded(quick)
    image = torch.rand(1, 3, 64, 64, dtype=torch.double)
    for one, other in zip(quick(image), again(image), strict=True):
        assert torch.equal(one, other)


def test_a_network_in_training_stays_so() -> None:
    model = build(configure("light", 1, imgsz=64)).train()
    assert not folded(model).training
    assert model.training and all(norm.training for norm in norms(model))
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_norms_of_other_blocks_stay() -> None:
    assert len(norms(folded(nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))))) == 1
