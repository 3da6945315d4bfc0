"""figure2: picture in two formats and its numbers, each with a manifest."""

import pandas as pd

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.studies.incongruent import COLUMNS


def test_picture_and_numbers(measured):
    measured.run("figure2")
    for pattern in (layout.FIGURE2, layout.FIGURE2_PDF, layout.FIGURE2_NUMBERS):
        manifest = verify(measured.path(pattern))
        assert manifest["scale"] == "smoke"
        assert len(manifest["inputs"]) == 4
    frame = pd.read_csv(measured.path(layout.FIGURE2_NUMBERS), dtype={"pair": str})
    assert list(frame.columns) == list(COLUMNS)
    assert set(frame["pair"]) == {"all", "1", "2"}
    assert set(frame["weights"]) == {"tr", "fusion", "dcy", "image", "attributes"}
    errors = frame.query("pair == 'all' and statistic in ('accuracy', 'mean', 'median', 'p90')")
    assert len(errors) == 3 * 2 * 7
    assert errors[["bound_vae", "bound_constant", "reader_error"]].notna().all().all()
    assert set(errors["pairs"]) == {20}
