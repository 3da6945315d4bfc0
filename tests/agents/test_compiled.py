"""Updates in graphs: that each loss is one graph, and that it learns what the same update learns without."""

from collections.abc import Callable, Iterable
from typing import Any

import gymnasium
import pytest
import torch
from test_actor_gradient import Reach
from test_dreamer_v3 import settings as dreamer_settings
from test_dreamer_v3_agent import made, play

from gwpipe.agents import compiled as graphs_of
from gwpipe.agents.dreamer_v3_agent import DreamerAgent
from gwpipe.agents.dreaming import DreamingAgent
from gwpipe.agents.loop import train
from gwpipe.cli import asked_to_compile
from gwpipe.errors import UserError
from gwpipe.settings.agents import DreamingSettings

NEVER = 10**6
UPDATES = 3
NUMBERS = gymnasium.spaces.Box(-1, 1, (2,))
CHOICES = gymnasium.spaces.Discrete(3)


class Counting:
    """A backend that leaves graphs as they are and counts how often one runs."""

    def __init__(self) -> None:
        self.graphs = self.runs = 0

    def __call__(self, graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Callable[..., Any]:
        self.graphs += 1

        def run(*given: Any) -> Any:
            self.runs += 1
            return graph(*given)

        return run


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss that does not make a single graph raises."""
    translate = torch.compile
    monkeypatch.setattr(torch, "compile", lambda loss, **options: translate(loss, fullgraph=True, **options))


def _same(plainly: Any, in_graphs: Any, backend: Any) -> None:
    assert in_graphs.compile(backend)
    for _ in range(UPDATES):
        assert in_graphs.update() == pytest.approx(plainly.update(), rel=1e-4, abs=1e-5)
    for one, other in zip(_weights(plainly), _weights(in_graphs)):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def _weights(agent: Any) -> list[torch.Tensor]:
    return [weight for network in agent.weights().values() for weight in network.values()]


def _dreaming(settings: DreamingSettings, world: type[gymnasium.Env], representation: Any) -> DreamingAgent:
    agent = DreamingAgent(representation, world().action_space, settings, seed=0)
    train(agent, world, env_steps=100, env_steps_per_update=NEVER, seed=0)
    return agent


def _dreamer(space: gymnasium.Space) -> DreamerAgent:
    widths = {"deter": 32, "hidden": 16, "classes": 4, "depth": 8, "units": 16}
    settings = dreamer_settings(widths=widths, imagination_length=5, batch_size=4, batch_length=8, discount=0.9)
    agent = made(space, settings)
    play(agent, 60)
    return agent


@pytest.mark.parametrize("numbers", [False, True], ids=["choices", "numbers"])
def test_gw_dreamers_losses_are_graphs_that_learn_the_same(
    small: DreamingSettings, chain, plain, whole: None, numbers: bool
) -> None:
    of_numbers = {"advantage_scale": "advantages", "mean_penalty": 0.01, "normed": True}
    settings = small.model_copy(update=of_numbers if numbers else {"initial_state": "stored"})
    world, backend = Reach if numbers else chain, Counting()
    _same(*(_dreaming(settings, world, plain()) for _ in range(2)), backend)
    assert (backend.graphs, backend.runs) == (2, 2 * UPDATES)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # torch's own, in tracing
def test_a_gradient_through_the_dream_is_the_same_where_the_graph_is_broken(small: DreamingSettings, plain) -> None:
    settings, backend = small.model_copy(update={"actor_gradient": "dynamics"}), Counting()
    _same(*(_dreaming(settings, Reach, plain()) for _ in range(2)), backend)
    assert backend.graphs > 2
    assert backend.runs >= UPDATES * backend.graphs


@pytest.mark.parametrize("space", [CHOICES, NUMBERS], ids=["choices", "numbers"])
def test_dreamers_loss_is_a_graph_that_learns_the_same(whole: None, space: gymnasium.Space) -> None:
    backend = Counting()
    _same(_dreamer(space), _dreamer(space), backend)
    assert (backend.graphs, backend.runs) == (1, UPDATES)


def test_the_backward_pass_of_dreamers_graph_is_the_same(whole: None) -> None:
    gradients = []
    for backend in (None, "aot_eager"):
        agent = _dreamer(NUMBERS)
        if backend:
            agent.compile(backend)
        agent._optimiser.step = lambda: None  # of Adam's steps rounding would be all that is left in small gradients
        agent.update()
        gradients.append([p.grad for p in agent.model.parameters() if p.grad is not None])
    plainly, in_graphs = gradients
    assert len(plainly) == len(in_graphs) > 20
    for one, other in zip(plainly, in_graphs):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


class Captured:
    """In place of CUDA graphs: what they returned is overwritten as soon as the next update begins."""

    def __init__(self) -> None:
        self.returned: list[torch.Tensor] = []
        self.options: list[dict[str, Any]] = []

    def compile(self, loss: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        self.options.append(options)

        def run(*given: Any) -> Any:
            result = loss(*given)
            self.returned += _tensors(result)
            return result

        return run

    def begin(self) -> None:
        for tensor in self.returned:
            tensor.data.fill_(float("nan"))
        self.returned.clear()


def _tensors(result: Any) -> Iterable[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        return [result]
    parts = result.values() if isinstance(result, dict) else result
    return [tensor for part in parts for tensor in _tensors(part)]


@pytest.mark.parametrize("method", ["gw_dreamer", "dreamer"])
def test_nothing_is_read_that_the_next_update_of_captured_graphs_overwrites(
    small: DreamingSettings, chain, plain, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    captured = Captured()
    monkeypatch.setattr(graphs_of, "_on_cuda", lambda device: True)
    monkeypatch.setattr(torch, "compile", captured.compile)
    monkeypatch.setattr(torch.compiler, "cudagraph_mark_step_begin", captured.begin)
    settings = small.model_copy(update={"initial_state": "stored"})
    agents = [_dreaming(settings, chain, plain()) if method == "gw_dreamer" else _dreamer(CHOICES) for _ in range(2)]
    _same(*agents, "inductor")
    assert captured.options
    assert all(options["mode"] == "reduce-overhead" for options in captured.options)
    assert captured.returned


def test_on_a_processor_nothing_is_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {}
    monkeypatch.setattr(torch, "compile", lambda loss, **given: options.update(given))
    graphs_of.compiled(abs, "cpu")
    assert options == {"dynamic": False, "backend": "inductor", "mode": None}


@pytest.mark.parametrize(
    ("flag", "said", "expected"), [(None, None, False), (None, "1", True), (None, "0", False), (False, "1", False)]
)
def test_the_flag_goes_before_the_environment(monkeypatch, flag, said, expected) -> None:
    monkeypatch.delenv("GWPIPE_COMPILE", raising=False)
    if said is not None:
        monkeypatch.setenv("GWPIPE_COMPILE", said)
    assert asked_to_compile(flag) is expected


def test_an_environment_that_says_neither_yes_nor_no_is_one_line(monkeypatch) -> None:
    monkeypatch.setenv("GWPIPE_COMPILE", "true")
    with pytest.raises(UserError, match="GWPIPE_COMPILE is 'true'; set it to 1 or 0"):
        asked_to_compile(None)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is deprecated")  # torch's own, when it loads the compiler
def test_translated_to_machine_code_it_learns_the_same(small: DreamingSettings, chain, plain) -> None:
    _same(*(_dreaming(small, chain, plain()) for _ in range(2)), "inductor")
