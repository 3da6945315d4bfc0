from pathlib import Path

import pytest

from gwpipe.settings import experts
from gwpipe.settings.domains import place_of
from gwpipe.sources import PACKAGE, sources


def names(*modules):
    return {str(Path(file).resolve().relative_to(PACKAGE)) for file in sources(*modules)}


def test_the_closure_follows_imports_and_leaves_plumbing_out():
    found = names("gwpipe.checkpoint")
    assert found == {"checkpoint.py"}


@pytest.mark.parametrize("module", ["gwpipe.nowhere", "no_such_package.module"])
def test_an_unknown_module_is_refused(module):
    with pytest.raises(FileNotFoundError):
        sources(module)


def test_a_module_of_another_package_is_its_file():
    assert [Path(file).name for file in sources("yaml.nodes")] == ["nodes.py"]


def test_a_domain_s_kind_depends_on_its_own_module():
    """Kinds are named, not imported, so that changing one retrains no other; a rule names what it builds."""
    common = names("gwpipe.stages.train_vae")
    assert not any(name.startswith(("domains/visual", "domains/language", "domains/captions")) for name in common)
    assert "domains/views.py" in names(place_of("visual")[0])
    assert "domains/captions/grammar.py" in names(place_of("language")[0])
    assert "domains/captions/grammar.py" not in names(place_of("visual")[0])


def test_an_expert_s_data_depends_on_its_own_module_and_random_data_on_none():
    random, expert = (names("gwpipe.stages.collect", *experts.modules("push_green", p)) for p in ("random", "expert"))
    assert set(expert) - set(random) == {"experts/push_button.py"}


def test_a_table_does_not_depend_on_how_a_vae_is_trained_nor_a_vae_on_agents():
    vae = names("gwpipe.stages.train_vae", place_of("visual")[0])
    assert "domains/visual.py" in vae
    assert not any(name.startswith(("agents", "workspace", "flops", "evaluation", "envs")) for name in vae)
    workspace = names("gwpipe.stages.train_workspace")
    assert "workspace/losses.py" in workspace
    assert not any(name.startswith(("agents", "flops", "evaluation", "envs")) for name in workspace)
    for stage in ("collect", "train_vae", "cache_latents", "random_policy"):
        assert "workspace/losses.py" not in names(f"gwpipe.stages.{stage}")


def test_what_flows_downhill_never_climbs():
    """No room imports from one below it (docs/architecture.md)."""
    order = ["envs", "experts", "data", "domains", "workspace", "representations.py", "agents", "evaluation", "flops"]
    order += ["stages"]
    for height, room in enumerate(order):
        files = [PACKAGE / room] if room.endswith(".py") else sorted((PACKAGE / room).rglob("*.py"))
        for file in files:
            inside = ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
            reached = {name.split("/")[0] for name in names(f"gwpipe.{inside.removesuffix('.__init__')}")}
            assert not reached & set(order[height + 1 :]), (file, reached)


def test_data_of_a_package_counts():
    assert "flops/paper/table1.csv" in names("gwpipe.stages.table1")
