"""Every study of small workspaces at toy size, on latents whose content is known."""

import importlib
import math
from itertools import combinations

import numpy as np
import pytest
import torch

from gwpipe.domains.fit import Run
from gwpipe.envs.simple_shapes import normalise
from gwpipe.settings.representation import OptimisationSettings
from gwpipe.settings.stages import stage_settings
from gwpipe.settings.workspace_studies import STUDIES, ProbeSettings, TripletSettings
from gwpipe.studies import downstream, never_paired
from gwpipe.studies.fresh_shapes import sample_raw
from gwpipe.studies.material import Material
from gwpipe.studies.pairs import pairs_needed
from gwpipe.studies.tidy import tidy_frame

ROWS, HELD_OUT = 600, 200


class Turned:
    """A domain that shows the attribute vector, or its first entries alone, turned in space."""

    observation = "attributes"

    def __init__(self, seed, entries=11):
        generator = torch.Generator().manual_seed(seed)
        self.entries, self.turn = entries, torch.linalg.qr(torch.randn(entries, entries, generator=generator)).Q

    def encode(self, attributes):
        return torch.from_numpy(attributes)[:, : self.entries] @ self.turn


# The colour comes last in the attribute vector.
DOMAINS = {"attr": Turned(0), "v": Turned(1), "t": Turned(2), "mask": Turned(3, entries=8)}


def optimisation(steps):
    return OptimisationSettings(steps=steps, batch_size=64, max_lr=2e-2, start_lr=2e-3, end_lr=2e-4, weight_decay=1e-5)


@pytest.fixture
def study(smoke_config):
    """Run a study and draw it: its table (tests/figures/test_small_workspaces.py looks at what is drawn)."""

    def run(name, steps=60, probe_steps=5, **more):
        settings = stage_settings("workspace_study", smoke_config, study=name)
        size = {"dim": 11, "hidden": 32, "layers": 1}
        workspace = settings.workspace.model_copy(update={"optimisation": optimisation(steps), **size})
        probe = ProbeSettings(hidden=32, optimisation=optimisation(probe_steps))
        settings = settings.model_copy(update={"workspace": workspace, "probe": probe, "candidates": 100, **more})
        raw = sample_raw(np.random.default_rng(0), ROWS + HELD_OUT)
        vaes = {domain: DOMAINS[domain] for domain in settings.kinds}
        u = {domain: vae.encode(normalise(raw)) for domain, vae in vaes.items()}
        train = {domain: latents[:ROWS] for domain, latents in u.items()}
        held_out = {domain: latents[ROWS:] for domain, latents in u.items()}
        episodes = np.arange(ROWS) // 2
        material = Material(settings, train, held_out, raw[:ROWS], raw[ROWS:], episodes, vaes, Run(0, name))
        module = importlib.import_module(STUDIES[name].measuring)
        rows = [{"study": name, **row} for row in module.rows(material)]
        frame = tidy_frame(rows, module.COLUMNS, env="simple_shapes", scale="test", seed=0)
        figure = importlib.import_module(STUDIES[name].drawing).draw(frame)
        assert f"simple_shapes, scale test, representation seed 0; mean of {len(settings.seeds)} workspace" in (
            figure.get_suptitle()
        )
        assert np.isfinite(frame["value"].astype(float)).all()
        return frame

    return run


def mean(frame, metric, **where):
    rows = frame[frame["metric"] == metric]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows)
    return rows["value"].astype(float).mean()


def test_more_pairs_lower_the_loss_and_ratios_compare_with_all_losses(study):
    frame = study("pairs", steps=60, grid=[5, 40], seeds=[0])
    assert set(frame["losses"]) == {"tr", "tr+cont", "tr+cont+dcy+cy", "all", "cont"}
    assert set(frame["pairs"]) == {5, 40, ROWS}
    for losses in ("tr", "all"):
        few, many = (mean(frame, "translation_unexplained", losses=losses, pairs=n) for n in (5, ROWS))
        assert many < 0.8 * few
    # Contrast alone reaches no decoder, but it aligns.
    assert mean(frame, "translation_unexplained", losses="cont", pairs=ROWS) > 0.9
    assert mean(frame, "retrieval_top1", losses="cont", pairs=ROWS) > 20
    for what in ("translation", "cycle"):
        losses_of = {
            key: of["value"].astype(float).mean()
            for key, of in frame[frame["metric"] == f"{what}_unexplained"].groupby(["losses", "pairs"])
        }
        full = [losses_of["all", n] for n in (5, 40, ROWS)]
        ratios = frame[frame["metric"] == f"data_ratio_{what}"].set_index(["losses", "pairs"])
        assert set(ratios.index) == {key for key in losses_of if key[0] != "all"}
        for (losses, pairs), row in ratios.iterrows():
            level, most, least = losses_of[losses, pairs], pairs / 5, pairs / ROWS
            if level >= full[0]:
                assert (row["ratio_is"], row["value"]) == ("at_least", most)
            elif level < min(full):
                assert (row["ratio_is"], row["value"]) == ("at_most", least)
            else:
                assert row["ratio_is"] == "equal"
                assert least <= row["value"] < most
        # The fewest pairs of `all` are better than any number with contrast alone; the others lie on its way.
        assert ratios.loc["cont"]["ratio_is"].tolist() == ["at_least"] * 3
        assert ratios.loc["cont"]["value"].tolist() == [1, 8, 120]
        assert {"tr", "tr+cont"} <= set(ratios[ratios["ratio_is"] == "equal"].index.get_level_values("losses"))


def test_pairs_needed_for_an_equal_loss():
    counts, losses = [10, 100, 1000], [0.8, 0.4, 0.1]
    assert pairs_needed(counts, losses, 0.4) == (pytest.approx(100), "equal")
    assert pairs_needed(counts, losses, 0.2) == (pytest.approx(math.sqrt(100 * 1000)), "equal")
    assert pairs_needed(counts, losses, 0.9) == (10, "at_least")
    assert pairs_needed(counts, losses, 0.05) == (1000, "at_most")


def test_every_set_of_domains_has_its_pairs(study):
    frame = study("domains", steps=5, seeds=[0])
    assert set(frame["count"]) == {2, 3, 4}
    assert frame["domains"].nunique() == 6 + 4 + 1
    retrieval = frame[(frame["metric"] == "retrieval_top1") & (frame["route"] == "attr->v")]
    assert retrieval["domains"].tolist() == ["attr+v", "attr+mask+v", "attr+t+v", "attr+mask+t+v"]
    assert "attr+mask+t->v" in set(frame["route"])


def test_what_was_never_paired_lies_between_its_bounds(study, monkeypatch):
    monkeypatch.setattr(never_paired, "LOSS_SETS", {"all": never_paired.LOSS_SETS["all"]})
    frame = study("never_paired", steps=100, seeds=[0])
    errors = {
        shown: mean(frame[frame["route"].isin(["t->v", "v->t"])], "translation_unexplained", shown=shown, losses="all")
        for shown in ("paired", "never", "alone")
    }
    assert errors["paired"] < errors["never"] < errors["alone"]
    assert errors["never"] < 0.8 < errors["alone"]
    assert mean(frame, "translation_unexplained", shown="constant") == 1


def test_parts_that_are_never_paired_share_no_episode():
    episodes = np.arange(90).repeat(2)
    parts = never_paired._thirds(episodes, 0)
    assert sorted(np.concatenate(parts)) == list(range(180))
    for one, other in combinations(parts, 2):
        assert not set(episodes[one]) & set(episodes[other])
    assert {len(part) for part in parts} == {60}


def test_a_wider_workspace_loses_less(study):
    frame = study("width", steps=60, grid=[1, 11], seeds=[0])
    assert mean(frame, "translation_unexplained", dim=11) < 0.8 * mean(frame, "translation_unexplained", dim=1)
    assert mean(frame, "effective_rank", dim=1) == pytest.approx(1)
    assert mean(frame, "effective_rank", dim=11) > 3


def test_every_subset_of_the_losses_with_and_without_contrast(study):
    frame = study("no_contrastive", steps=12, seeds=[0])
    assert frame["losses"].nunique() == 16
    assert frame.groupby("others")["contrastive"].nunique().eq(2).all()
    untrained = frame[frame["losses"] == "none"]
    assert not untrained["contrastive"].any()
    assert mean(frame, "translation_unexplained", losses="tr") < mean(frame, "translation_unexplained", losses="dcy")


def test_downstream_tasks_know_what_is_private(study, monkeypatch):
    monkeypatch.setattr(downstream, "LOSS_SETS", {"all": downstream.LOSS_SETS["all"]})
    triplets = TripletSettings(train=400, held_out=100)
    frame = study("downstream", steps=150, probe_steps=80, seeds=[0], triplets=triplets)
    colour = frame[(frame["metric"] == "colour_mean")]
    constant = colour["bound_constant"].iloc[0]
    assert mean(colour, "colour_mean", features="u", domains="v") < 0.6 * constant
    assert mean(colour, "colour_mean", features="u", domains="mask") > 0.9 * constant
    private = colour[(colour["domains"] == "mask+v") & (colour["losses"] == "all")]
    assert mean(private, "colour_mean", learnt_from="v", tested_on="v") < 0.8 * constant
    assert mean(private, "colour_mean", learnt_from="v", tested_on="mask") > 0.9 * constant
    shared = frame[(frame["domains"] == "mask+v") & (frame["losses"] == "all")]
    transferred = mean(shared, "position_mean", learnt_from="v", tested_on="mask")
    assert transferred < 0.8 * shared[shared["metric"] == "position_mean"]["bound_constant"].iloc[0]
    tasks = frame[frame["task"] == "odd_one_out"]
    assert set(tasks["features"]) == {"attributes", "u", "z"}
    assert mean(tasks, "accuracy", features="attributes", shared="all") > 45
