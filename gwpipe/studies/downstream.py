"""What a frozen workspace is good for: the odd one of three, and attributes that only one of two domains shows.

Small networks learn both tasks from states that are fused from one domain, and are tested on those of the other as
well. Unimodal latents stand beside: they have no other domain to be tested on. `mask` shows no colour: in a workspace
of v and mask, colour is v's own.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor

from gwpipe.envs.shape_drawing import draw
from gwpipe.envs.simple_shapes import normalise
from gwpipe.studies.cells import Cell, all_rows, losses_named
from gwpipe.studies.material import Material
from gwpipe.studies.measures import attribute_rows, columns, number
from gwpipe.studies.odd_one_out import CHANCE, Triplets, accuracies, draw_triplets, train_chooser
from gwpipe.studies.probe import Raw, train_probe
from gwpipe.studies.tidy import Column, Row
from gwpipe.workspace.groups import Group
from gwpipe.workspace.objective import NAMES
from gwpipe.workspace.workspace import Workspace

PUBLIC: Group = ("attr", "v")
"""Both show everything."""
PRIVATE: Group = ("mask", "v")
"""Colour is the picture's own."""
LOSS_SETS = {"all": NAMES, "without cont": tuple(name for name in NAMES if name != "cont"), "cont": ("cont",)}
ROWS_AT_ONCE = 500

COLUMNS = columns(
    task=Column("string", "odd_one_out or regression"),
    features=Column("string", "what is read: z of a workspace, u unimodal latents, attributes themselves"),
    losses=Column("string", "that the workspace minimised; cont alone is the CLIP-like model"),
    domains=Column("string", "of the workspace"),
    learnt_from=Column("string", "domains that the states of the training were fused from"),
    tested_on=Column("string", "domains that the states of the test were fused from"),
    shared=Column("string", "of odd_one_out: the attribute that two of the three share"),
)

Features = Mapping[Group, tuple[Tensor, Tensor]]
"""Domains that are fused → features of training and of held-out rows."""


def rows(material: Material) -> list[Row]:
    """Both tasks, on the unimodal latents and on every workspace."""
    triplets = _Triplets(material)
    made = list(_odd_one_out(material, triplets, triplets.attributes, {"features": "attributes"}))
    for name in material.domains:
        unimodal = {"features": "u", "domains": name}
        made += _regression(material, {(name,): (material.train[name], material.held_out[name])}, unimodal)
        if name in PUBLIC:
            made += _odd_one_out(material, triplets, {(name,): triplets.latents(name)}, unimodal)

    def measured(cell: Cell, workspace: Workspace) -> list[Row]:
        own = {"features": "z"}
        found = list(_regression(material, _states(workspace, material.train, material.held_out), own, cell.seed))
        if cell.domains == PUBLIC:
            parts = [{name: triplets.latents(name)[part].flatten(0, 1) for name in PUBLIC} for part in (0, 1)]
            states = {
                key: (train.unflatten(0, (-1, 3)), test.unflatten(0, (-1, 3)))
                for key, (train, test) in _states(workspace, *parts).items()
            }
            found += _odd_one_out(material, triplets, states, own, cell.seed)
        return found

    return made + material.measure(cells(material), measured)


def cells(material: Material) -> list[Cell]:
    """One a pair of domains, set of losses and seed."""
    return [
        Cell(
            {"domains": "+".join(domains), "losses": name},
            seed,
            {domains: all_rows(material.train)},
            losses_named(losses, material.settings.losses),
            domains,
            material.settings.workspace.dim,
        )
        for domains in (PUBLIC, PRIVATE)
        for name, losses in LOSS_SETS.items()
        for seed in material.settings.seeds
    ]


class _Triplets:
    """The tasks, and the latents of their stimuli (N, 3, latent), for training and test."""

    def __init__(self, material: Material) -> None:
        settings = material.settings
        assert settings.triplets is not None
        self.parts: list[Triplets] = [
            draw_triplets(count, "odd one out", part, settings.seed)
            for part, count in (("train", settings.triplets.train), ("held out", settings.triplets.held_out))
        ]
        vectors = [torch.from_numpy(normalise(part.raw)) for part in self.parts]
        self.attributes: Features = {("attributes",): (vectors[0], vectors[1])}
        self._latents = {name: self._encode(material, name) for name in PUBLIC}

    def latents(self, name: str) -> tuple[Tensor, Tensor]:
        return self._latents[name]

    def _encode(self, material: Material, name: str) -> tuple[Tensor, Tensor]:
        vae = material.vaes[name]
        encoded = []
        for part in self.parts:
            raw = part.raw.reshape(-1, 8)
            chunks = np.array_split(raw, -(-len(raw) // ROWS_AT_ONCE))
            shown = (draw(some) if vae.observation == "image" else normalise(some) for some in chunks)
            encoded.append(torch.cat([vae.encode(some) for some in shown]).cpu().unflatten(0, (-1, 3)))
        return encoded[0], encoded[1]


@torch.no_grad()
def _states(
    workspace: Workspace, train: Mapping[str, Tensor], test: Mapping[str, Tensor]
) -> dict[Group, tuple[Tensor, Tensor]]:
    """z fused from each domain alone, and from all of them."""
    names = tuple(workspace.domains)
    sources: list[Group] = [*((name,) for name in names), names]
    return {
        key: (workspace.fuse({x: train[x] for x in key}), workspace.fuse({x: test[x] for x in key})) for key in sources
    }


def _odd_one_out(
    material: Material, triplets: _Triplets, features: Features, own: Row, seed: int | None = None
) -> Iterator[Row]:
    """A chooser for each way of fusing, tested on all of them."""
    train, test = triplets.parts
    settings, label = material.settings, material.run.label
    for learnt, (stimuli, _) in features.items():
        chooser = train_chooser(stimuli, train.odd, settings.probe, seed or 0, label)
        for tested, (_, shown) in features.items():
            for shared, value in accuracies(chooser, shown, test).items():
                yield {
                    **own,
                    **_whence("odd_one_out", learnt, tested),
                    **number("accuracy", value, unit="%", bound_constant=CHANCE, rows=len(test.odd)),
                    "shared": shared,
                }


def _regression(material: Material, features: Features, own: Row, seed: int | None = None) -> Iterator[Row]:
    """A probe of the attributes for each way of fusing, tested on all of them."""
    raw: Raw = material.held_out_raw
    for learnt, (latents, _) in features.items():
        probe = train_probe(latents, material.raw, material.settings.probe, seed or 0, material.run.label)
        for tested, (_, shown) in features.items():
            for row in attribute_rows("", probe.read(shown), raw):
                yield {**own, **_whence("regression", learnt, tested), **row}


def _whence(task: str, learnt: Group, tested: Group) -> Row:
    return {"task": task, "learnt_from": "+".join(learnt), "tested_on": "+".join(tested)}
