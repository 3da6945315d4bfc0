"""The independent reader: attributes of a Simple Shape from its pixels, learnt from true renderings alone.

It never sees a VAE or a workspace, so what it finds in a decoded picture is in the picture. Its training shapes lie
between and a little beyond the data's whole numbers, because decoded pictures do too; half of them are softened by a
small blur and all get a little noise, so that a soft edge alone does not lead it astray. Its own error is measured on
clean renderings.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from gwpipe import layout
from gwpipe.domains import weights
from gwpipe.domains.fit import Run, fit
from gwpipe.envs.shape_drawing import IMAGE_SIZE, draw
from gwpipe.envs.simple_shapes import ATTRIBUTES, POSITION_RANGE, SIZE_RANGE, denormalise, normalise
from gwpipe.errors import UserError
from gwpipe.seeding import derive, numpy_generator, torch_generator
from gwpipe.settings.quality import ReaderSettings
from gwpipe.studies.attribute_errors import row_errors, summary
from gwpipe.studies.fresh_shapes import fresh_shapes, sample_colours

CHANNELS = (16, 32)
"""Of the convolutions at width 1; each halves the side."""
HIDDEN = (256, 128)
"""Units of the linear layers at width 1."""
WINDOW = 24
"""Side of the window around the shape, px; the largest shape reaches 10 px from its centre of light."""
DIM = 0.35
"""Pixels less bright than this share of the brightest do not count towards the centre of light: noise is not light."""

BEYOND = 1.0
"""Training positions (px) reach this far beyond the data's, training sizes half as far."""
SIZES_PER_PIXEL = 8
"""Training sizes are multiples of 1/8 px: each size has an outline of its own, and those are kept."""
FAINTEST = 16 / 255
"""A picture darker than this everywhere is not brightened further."""
POSE_WEIGHT = 10.0
"""Of the errors of position, size, rotation and colour beside the cross entropy of the class."""
NEAR = 0.03
"""Errors (normalised units) below this count quadratically, above it linearly."""

_BLUR_REACH = 2
_MEASURED_ROWS = 4096
_BATCH = 512


class Reader(nn.Module):
    """Pictures to the environment's normalised attribute vector, the class as logits.

    It looks at a window around the centre of light, at whole pixels, so that what a shape looks like need not be learnt
    for every place; the window's place is added to what the network says of the shape's place within it.

    Args:
        width: factor on all channels and hidden units.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        self.width = width
        counts = [max(4, round(width * count)) for count in CHANNELS]
        blocks: list[nn.Module] = []
        for before, after in pairwise([4, *counts]):
            blocks += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        units = [counts[-1] * (WINDOW >> len(counts)) ** 2, *(max(8, round(width * count)) for count in HIDDEN)]
        blocks.append(nn.Flatten())
        for before, after in pairwise(units):
            blocks += [nn.Linear(before, after), nn.ReLU()]
        self.network = nn.Sequential(*blocks, nn.Linear(units[-1], ATTRIBUTES))

    def describe(self) -> dict[str, Any]:
        """Keyword arguments that build the same module again, and its kind."""
        return {"kind": "reader", "width": self.width}

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, 32, 32) in [0, 1] to attributes (B, 11): 3 logits, then as `normalise` gives them.

        A fourth input channel is the brightest of the three, stretched to a maximum of 1: a shape's outline does not
        depend on its colour.
        """
        brightest = pictures.amax(1, keepdim=True)
        stretched = brightest / brightest.amax((2, 3), keepdim=True).clamp(min=FAINTEST)
        row, column = centre_of_light(stretched[:, 0])
        found = self.network(window(torch.cat([pictures, stretched], 1), row, column))
        # `normalise` maps x = 7 … 25 px to −1 … 1, y up.
        place = torch.stack([column, IMAGE_SIZE - row], 1).to(found.dtype)
        shift = functional.pad((place - 16) / 9, (3, ATTRIBUTES - 5))
        return found + shift

    @torch.no_grad()
    def read(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        """Raw attributes (N, 8), as in `fresh_shapes`, of pictures (N, 32, 32, 3).

        Raises:
            RuntimeError: the module is in training mode.
        """
        if self.training:
            raise RuntimeError("the reader reads in evaluation mode only: call eval() first")
        device = next(self.parameters()).device
        found = [self(_pictures(image[k : k + _BATCH]).to(device)).cpu() for k in range(0, len(image), _BATCH)]
        return denormalise(torch.cat(found).numpy())


def centre_of_light(stretched: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column (B,), whole numbers, of the pixel corner nearest to the centre of light of (B, H, W) in [0, 1]."""
    light = (stretched - DIM).clamp(min=0)
    total = light.sum((1, 2)).clamp(min=1e-6)
    middles = torch.arange(light.shape[1], device=light.device, dtype=light.dtype) + 0.5
    row = (light.sum(2) @ middles) / total
    column = (light.sum(1) @ middles) / total
    return row.round().long(), column.round().long()


def window(pictures: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """The part (B, C, `WINDOW`, `WINDOW`) of pictures (B, C, H, W) around a pixel corner, black beyond the frame."""
    reach = WINDOW // 2
    # Channels last: a pixel is gathered with all its channels at once.
    padded = functional.pad(pictures.permute(0, 2, 3, 1), (0, 0, reach, reach, reach, reach))
    steps = torch.arange(WINDOW, device=pictures.device)
    rows = (row[:, None] + steps)[:, :, None]
    columns = (column[:, None] + steps)[:, None, :]
    batch = torch.arange(len(pictures), device=pictures.device)[:, None, None]
    return padded[batch, rows, columns].permute(0, 3, 1, 2)


def _pictures(image: npt.NDArray[np.uint8]) -> Tensor:
    """uint8 (B, 32, 32, 3) to float32 (B, 3, 32, 32) in [0, 1]; in memory the channels stay last."""
    return torch.from_numpy(np.ascontiguousarray(image)).permute(0, 3, 1, 2).float() / 255


def make_reader(settings: ReaderSettings, seed: int) -> Reader:
    """A fresh reader, its weights drawn from `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive("reader", seed))
        return Reader(settings.width)


def training_shapes(rng: np.random.Generator, rows: int) -> npt.NDArray[np.float64]:
    """Raw attributes (rows, 8) with real positions and nearly real sizes, the data's range and a little more."""
    raw = np.empty((rows, 8))
    raw[:, 0] = rng.integers(3, size=rows)
    raw[:, 1:3] = rng.uniform(POSITION_RANGE[0] - BEYOND, POSITION_RANGE[1] + BEYOND, size=(rows, 2))
    smallest, largest = (SIZES_PER_PIXEL * (size + sign * BEYOND / 2) for size, sign in zip(SIZE_RANGE, (-1, 1)))
    raw[:, 3] = rng.integers(int(smallest), int(largest), size=rows, endpoint=True) / SIZES_PER_PIXEL
    raw[:, 4] = rng.uniform(0, 2 * np.pi, size=rows)
    raw[:, 5:] = sample_colours(rng, rows)
    return raw


def soften(pictures: Tensor, sigma: float) -> Tensor:
    """Pictures (B, 3, H, W) after a Gaussian blur of `sigma` px, black beyond the frame; none for `sigma` 0."""
    if sigma <= 0:
        return pictures
    away = torch.arange(-_BLUR_REACH, _BLUR_REACH + 1, dtype=torch.float32, device=pictures.device)
    kernel = torch.exp(-0.5 * (away / sigma) ** 2)
    kernel = kernel / kernel.sum()
    plane = (kernel[:, None] * kernel[None, :]).expand(3, 1, -1, -1)
    return functional.conv2d(pictures, plane, padding=_BLUR_REACH, groups=3)


def reader_loss(found: Tensor, true: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Cross entropy of the class plus `POSE_WEIGHT` × the Huber error of the other 8 entries, and both parts.

    found: (B, 11), 3 logits first; true: (B, 11), one-hot first. Summed over the entries, mean over the batch.
    """
    kind = functional.cross_entropy(found[:, :3], true[:, :3])
    pose = functional.smooth_l1_loss(found[:, 3:], true[:, 3:], beta=NEAR, reduction="none").sum(1).mean()
    loss = kind + POSE_WEIGHT * pose
    return loss, {"loss": loss.detach(), "class": kind.detach(), "pose": pose.detach()}


def train_reader(reader: Reader, settings: ReaderSettings, run: Run) -> dict[str, float]:
    """Train `reader` in place on shapes drawn anew for every step.

    Returns its errors on held-out clean renderings (`position_mean`, … as in `attribute_errors.MEASURES`) and, as
    `softened_position_mean`, …, on the same after the strongest blur of its training.

    Raises:
        UserError: the checkpoint is damaged or another run's.
    """
    reader.to(run.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        pictures, true = _training_batch(settings, run.seed, step)
        return reader_loss(reader(pictures.to(run.device)), true.to(run.device))

    fit(reader, loss_of, settings.optimisation, run)
    held_out = fresh_shapes(_MEASURED_ROWS, "reader held out", run.seed)
    softened = soften(_pictures(held_out.image), settings.blur).mul(255).round().permute(0, 2, 3, 1).to(torch.uint8)
    return {
        f"{prefix}{measure.quantity}_{measure.statistic}": value
        for prefix, image in (("", held_out.image), ("softened_", softened.numpy()))
        for measure, value in summary(row_errors(reader.read(image), held_out.raw)).items()
    }


def _training_batch(settings: ReaderSettings, seed: int, step: int) -> tuple[Tensor, Tensor]:
    """Pictures (B, 3, 32, 32) and normalised attributes (B, 11) of one step; they depend on seed and step alone."""
    rng = numpy_generator("reader shapes", seed, step)
    rows = settings.optimisation.batch_size
    raw = training_shapes(rng, rows)
    pictures = _pictures(draw(raw))
    half = rows // 2
    pictures = torch.cat([soften(pictures[:half], rng.uniform(0, settings.blur)), pictures[half:]])
    strength = settings.noise / 255 * torch.from_numpy(rng.uniform(0, 1, size=(rows, 1, 1, 1))).float()
    noise = torch.randn(pictures.shape, generator=torch_generator("reader noise", seed, step))
    return (pictures + strength * noise).clamp(0, 1), torch.from_numpy(normalise(raw))


def save_reader(path: Path, reader: Reader) -> None:
    """Write weights and description to `path`, whole or not at all."""
    weights.save(path, reader.describe(), reader.state_dict())


def load_reader(path: Path) -> Reader:
    """A trained reader, frozen and in evaluation mode.

    Raises:
        UserError: the file is missing, damaged or no reader.
    """
    remedy = layout.command("train_reader", path)
    description, state = weights.load(path, remedy)
    if description.pop("kind", "") != "reader":
        raise UserError(f"weights {path} are no reader's; make them with {remedy}")
    with weights.described(path, remedy):
        reader = Reader(**description)
    weights.fill(reader, state, path, remedy)
    return reader
