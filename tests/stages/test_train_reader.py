"""train_reader: weights with a manifest that states the reader's own error."""

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.studies.reader import load_reader


def test_weights_and_their_error(measured):
    path = measured.path(layout.READER)
    manifest = verify(path)
    assert manifest["inputs"] == {}
    assert manifest["results"]["updates"] == 20
    assert 0 < manifest["results"]["position_mean"] < 32
    assert 0 <= manifest["results"]["class_accuracy"] <= 100
    assert load_reader(path).width == 0.25
    assert [p.name for p in path.parent.iterdir() if "scratch" in p.name and any(p.iterdir())] == []
