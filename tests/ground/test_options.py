"""Options of kinds of domains are known from their sources, as they are."""

import importlib
import inspect
import subprocess
import sys

import pytest

from gwpipe.errors import UserError
from gwpipe.settings import domains
from gwpipe.settings.options import accepts, arguments, check_options


@pytest.mark.parametrize("kind", domains.KINDS)
def test_what_is_read_is_what_the_constructor_takes(kind):
    module, name = domains.place_of(kind)
    parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters
    expected = {argument: parameter.default is parameter.empty for argument, parameter in parameters.items()}
    assert arguments(module, name) == expected


def test_nothing_is_imported_but_the_package_around():
    code = "import sys; from gwpipe.settings import domains, options; "
    code += "[options.check_options('visual', {'side': 32}), options.check_options('language', {})]; "
    code += "assert not {'torch', 'gwpipe.domains.visual'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_of_kinds_that_do_not_tell_nothing_is_said(tmp_path, monkeypatch):
    (tmp_path / "silent_kinds.py").write_text(
        "class Inherits(dict): pass\n"
        "class Anything:\n    def __init__(self, latent, **more): pass\n"
        "class Keywords:\n    def __init__(self, latent, *, bands, width=1.0, ears=2): pass\n"
    )
    (tmp_path / "broken_kinds.py").write_text("class Broken(:")
    monkeypatch.syspath_prepend(tmp_path)
    assert arguments("silent_kinds", "Keywords") == {"latent": True, "bands": True, "width": False, "ears": False}
    for place in (
        "silent_kinds:Inherits",
        "silent_kinds:Anything",
        "silent_kinds:No",
        "broken_kinds:Broken",
        "no_a.b:C",
    ):
        assert arguments(*place.split(":")) is None
        monkeypatch.setitem(domains.KINDS, "silent", place)
        check_options("silent", {"anything": 1})


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (
            "visual",
            {"side": 32, "colour_frist": 1},
            "kind 'visual' has no option 'colour_frist'; did you mean 'colour_first'?",
        ),
        ("plain_attributes", {"size": 3}, "kind 'plain_attributes' has no option 'size'; it takes none"),
        ("pretrained_image", {"side": 32}, "kind 'pretrained_image' needs the option 'architecture'"),
    ],
)
def test_options_that_a_kind_does_not_take_are_refused(kind, options, message):
    with pytest.raises(UserError) as caught:
        check_options(kind, options)
    assert str(caught.value) == message


ATTRIBUTES = {"size": 76, "first": 0, "rates": [[9, 18]], "rate_weight": 0.1, "linear_path": True}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rate_weight": "x"}, "input should be a valid number, not 'x'"),
        ({"rate_weight": -1}, "input should be greater than 0, not -1"),
        ({"linear_path": "hello"}, "input should be a valid boolean, not 'hello'"),
        ({"rates": "hello"}, "'str' instances are not allowed as a Sequence value, not 'hello'"),
        ({"rates": [9, 18]}, "input should be an instance of Sequence, not [9, 18]"),
        ({"rates": [[9]]}, "at least 2 items"),
        ({"first": -1}, "input should be greater than or equal to 0, not -1"),
        ({"size": 0}, "input should be greater than 0, not 0"),
        ({"size": 2.5}, "input should be a valid integer, not 2.5"),
    ],
)
def test_values_of_another_type_are_refused_before_anything_is_collected(wrong, message):
    check_options("vector_attributes", ATTRIBUTES)
    (option,) = wrong
    with pytest.raises(UserError) as caught:
        check_options("vector_attributes", ATTRIBUTES | wrong)
    assert f"option '{option}' of kind 'vector_attributes': " in str(caught.value)
    assert message in str(caught.value)


def test_views_are_named():
    with pytest.raises(UserError, match="input should be 'colour', 'luma' or 'silhouette', not 'sepia'"):
        check_options("visual", {"side": 32, "view": "sepia"})


@pytest.mark.parametrize("kind", domains.KINDS)
def test_every_argument_says_its_type_in_words_that_are_known(kind):
    place = domains.place_of(kind)
    assert all(accepts(*place, argument) is not None for argument in arguments(*place))


def test_a_type_with_names_of_its_own_is_left_to_the_kind(tmp_path, monkeypatch):
    own = "ear: Ear, tail: Annotated[int, Field(gt=LONG)], eyes: 2, nose"
    (tmp_path / "own_kinds.py").write_text(f"class Own:\n    def __init__(self, latent: int, {own}): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert [accepts("own_kinds", "Own", argument) for argument in ("ear", "tail", "eyes", "nose")] == [None] * 4
    monkeypatch.setitem(domains.KINDS, "own", "own_kinds:Own")
    check_options("own", {"ear": 3, "tail": -1, "eyes": "blue", "nose": "long"})
