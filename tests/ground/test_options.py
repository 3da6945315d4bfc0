"""Options of kinds of domains are known from their sources, as they are."""

import importlib
import inspect
import subprocess
import sys

import pytest

from gwpipe.errors import UserError
from gwpipe.settings import domains
from gwpipe.settings.options import arguments, check_options


@pytest.mark.parametrize("kind", domains.KINDS)
def test_what_is_read_is_what_the_constructor_takes(kind):
    module, name = domains.place_of(kind)
    parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters
    expected = {argument: parameter.default is parameter.empty for argument, parameter in parameters.items()}
    assert arguments(module, name) == expected


def test_nothing_is_imported_but_the_package_around():
    code = "import sys; from gwpipe.settings import domains, options; "
    code += "[options.check_options('visual', ['side']), options.check_options('language', [])]; "
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
        check_options("silent", ["anything"])


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (
            "visual",
            ["side", "colour_frist"],
            "kind 'visual' has no option 'colour_frist'; did you mean 'colour_first'?",
        ),
        ("plain_attributes", ["size"], "kind 'plain_attributes' has no option 'size'; it takes none"),
        ("pretrained_image", ["side"], "kind 'pretrained_image' needs the option 'architecture'"),
    ],
)
def test_options_that_a_kind_does_not_take_are_refused(kind, options, message):
    with pytest.raises(UserError) as caught:
        check_options(kind, options)
    assert str(caught.value) == message
