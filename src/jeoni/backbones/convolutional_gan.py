"""The two networks of a DCGAN (Radford, Metz & Chintala ICLR 2016): one makes images, the other judges them.

Strided convolutions, batch normalisation but where images go in and come out, ReLU in the generator and leaky ReLU in
the discriminator; weights from a normal distribution of 0.02.
"""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["GRID", "SIDES", "Discriminator", "Generator"]

SIDES = (32, 64)
GRID = 4  # the side of the last activation
SLOPE = 0.2
DEVIATION = 0.02


class Discriminator(nn.Module):
    """Images ``(n, 3, side, side)`` in -1 … 1 to features ``(n, d)``: the last activation, 4 x 4 places.

    Args:
        side: 32 or 64.
        width: channels behind the stem; twice as many behind each block.
    """

    def __init__(self, side: int, width: int) -> None:
        super().__init__()
        count = _halvings(side) - 1
        self.stem = nn.Sequential(nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(SLOPE))
        self.blocks = nn.Sequential(*(_down(width << k) for k in range(count)))
        self.pool = nn.Flatten()
        self.dim = (width << count) * GRID * GRID
        _start(self)

    def forward(self, images: Tensor) -> Tensor:
        """Features."""
        features: Tensor = self.pool(self.blocks(self.stem(images)))
        return features


class Generator(nn.Module):
    """Noise ``(n, size)`` to images ``(n, 3, side, side)`` in -1 … 1.

    Args:
        side: 32 or 64.
        width: channels before the last layer; twice as many before each block below.
        size: of the noise.
    """

    def __init__(self, side: int, width: int, size: int) -> None:
        super().__init__()
        count = _halvings(side) - 1
        top = width << count
        self.size = size
        self.project = nn.Sequential(nn.ConvTranspose2d(size, top, GRID, bias=False), nn.BatchNorm2d(top), nn.ReLU())
        self.blocks = nn.Sequential(*(_up(width << k) for k in range(count, 0, -1)))
        self.image = nn.Sequential(nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh())
        _start(self)

    def forward(self, noise: Tensor) -> Tensor:
        """Images."""
        images: Tensor = self.image(self.blocks(self.project(noise[:, :, None, None])))
        return images


def _halvings(side: int) -> int:
    return {32: 3, 64: 4}[side]


def _down(channels: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, 2 * channels, 4, 2, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(2 * channels), nn.LeakyReLU(SLOPE))


def _up(channels: int) -> nn.Sequential:
    convolution = nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels // 2), nn.ReLU())


def _start(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, DEVIATION)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, DEVIATION)
