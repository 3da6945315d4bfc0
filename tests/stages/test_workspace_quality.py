"""workspace_quality: both tables from the artefacts, whole and the same every time."""

import pandas as pd

from gwpipe import layout
from gwpipe.artefact import verify
from gwpipe.studies.quality_report import COLUMNS


def test_both_tables_with_manifests(measured):
    measured.run("workspace_quality")
    table, markdown = measured.path(layout.WORKSPACE_QUALITY), measured.path(layout.WORKSPACE_QUALITY_MARKDOWN)
    first = verify(table)
    assert len(first["inputs"]) == 5
    frame = pd.read_csv(table)
    assert list(frame.columns) == list(COLUMNS)
    assert set(frame["kind"]) == {"gw", "clip", "vae", "constant", "reader"}
    assert set(frame["scale"]) == {"smoke"}
    translated = frame[frame["kind"].isin(["gw", "clip"]) & (frame["quantity"] != "retrieval")]
    assert len(translated) == 2 * 6 * 7
    assert translated[["value", "bound_vae", "bound_constant", "ratio"]].notna().all().all()
    assert set(translated["rows"]) == {200}
    retrieval = frame[frame["quantity"] == "retrieval"]
    assert len(retrieval) == 4
    assert retrieval["sem"].notna().all()
    # What was never trained does not meet a goal.
    assert not frame["goal_met"].dropna().astype(bool).any()
    verify(markdown)
    assert "## Retrieval" in markdown.read_text()
    measured.run("workspace_quality")
    assert verify(table)["sha256"] == first["sha256"]
