"""Networks are called what the text calls them."""

import pytest

from helpers import specs


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["plain20", "resnet110"], ["plain-20", "ResNet-110"]),
        (["plain20-8filters", "plain56-8filters"], ["plain-20", "plain-56"]),
        (["plain20-8filters", "plain20"], ["plain-20, 8 filters", "plain-20"]),
        (["resnet20", "resnet20-zerogamma"], ["ResNet-20", "ResNet-20, zero gamma"]),
        (["resnet56", "resnet56, in full"], ["ResNet-56", "ResNet-56, in full"]),
        (["resnet56, in full"], ["ResNet-56, in full"]),
        (["resnet20-zerogamma"], ["ResNet-20, zero gamma"]),
        (["repvgg20", "plain20"], ["RepVGG-20", "plain-20"]),
        (["preresnet20-nf"], ["PreResNet-20, normaliser-free"]),
        (["resnet20-survive0.5", "resnet20-se16"], ["ResNet-20, survival 0.5", "ResNet-20, SE 16"]),
        (["resnet20-skipinit", "resnet20-fixup"], ["ResNet-20, SkipInit", "ResNet-20, Fixup"]),
        (["preresnet110", "vgg19"], ["PreResNet-110", "VGG-19"]),
        (["half a shortcut", "a-martyn/resnet56", "plain"], None),
    ],
)
def test_names_of_the_code_are_written_as_in_the_text(labels, expected):
    assert list(specs.titles(labels).values()) == (expected or labels)
