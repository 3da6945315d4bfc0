"""A result as a web page of one file."""

import json
import re

from gwpipe.artefact import manifest_path
from gwpipe.view.page import markdown_table, write_page

ROWS = [{"who": "a|b", "cost": 1234.56789, "n": 12345, "why": None}, {"who": "c", "cost": 2.0, "n": 3, "why": "<b>"}]


def test_the_page_holds_tables_and_how_they_came_to_be(checkout):
    checkout.make_all(checkout.root)
    target = checkout.root / "results" / "table1.html"
    markdown = "# Title\n\n" + markdown_table(ROWS, ("who", "cost", "n", "why"))
    write_page(target, "A & B", markdown, checkout.root / checkout.table)
    page = target.read_text()
    assert "<title>A &amp; B</title>" in page
    assert page.count("<tr>") == 3
    for cell in ("a|b", "1235", "12,345", "&lt;b&gt;"):
        assert f"<td>{cell}</td>" in page
    assert f"└─ {checkout.vae}" in page
    assert not re.search(r"(src|href)=", page)


def test_the_same_result_made_at_another_time_is_the_same_page(checkout):
    pages = []
    for name in ("one.html", "two.html"):
        checkout.make_all(checkout.root)
        write_page(checkout.root / name, "A", "text", checkout.root / checkout.table)
        pages.append((checkout.root / name).read_bytes())
        path = manifest_path(checkout.root / checkout.vae)
        path.write_text(json.dumps(json.loads(path.read_text()) | {"host": "far", "wall_seconds": 99.0}))
        write_page(checkout.root / name, "A", "text", checkout.root / checkout.table)
        pages.append((checkout.root / name).read_bytes())
    assert len(set(pages)) == 1
