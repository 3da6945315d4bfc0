"""A result as a web page of one file: its tables, and at the end how it came to be. Needs nothing from the network."""

import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from gwpipe.artefact import staging
from gwpipe.view.explain import explanation
from gwpipe.view.provenance import trace

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2rem } h3 { font-size: 1rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; margin: .8rem 0 }
th, td { padding: .25rem .7rem; text-align: left; vertical-align: top; border-bottom: 1px solid #e3e3e3 }
td:first-child { white-space: nowrap }
th { border-bottom: 2px solid #999; background: #fafafa }
tr:hover td { background: #f4f8ff }
pre { font-size: .75rem; line-height: 1.4; overflow-x: auto; background: #fafafa; padding: .8rem }
summary { cursor: pointer; font-weight: 600; margin-top: 2rem }
"""


def write_page(target: Path, title: str, markdown: str, artefact: Path) -> None:
    """Write the page of `artefact`, which must be finished with its manifest.

    markdown: what stands on it (CommonMark and tables). When and where the artefact was made is left to its manifest:
    the same results are the same page.

    Raises:
        UserError: the artefact has no manifest, or the disk is full.
    """
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    body = body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")
    made = html.escape("\n".join(explanation(trace(artefact), occasion=False)))
    with staging(target) as partial:
        partial.write_text(
            f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
            f"<style>{STYLE}</style>\n<body>\n{body}"
            f"<details><summary>How {html.escape(artefact.name)} came to be</summary><pre>{made}</pre></details>\n"
            "</body></html>\n"
        )


def markdown_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Chosen columns of rows as a Markdown table; numbers to four digits, nothing where there is nothing."""
    lines = [[column.replace("_", " ") for column in columns], ["---"] * len(columns)]
    lines += [[_cell(row[column]) for column in columns] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")
