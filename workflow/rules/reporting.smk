# What `snakemake --report` shows, and how results are linked to their manifests.
report: "../report/run.rst"


def shown(path, about, category, form):
    """A result in the report. about: its caption, workflow/report/ABOUT.rst. form: what it is beside others of its kind."""
    return report(
        path,
        caption=f"../report/{about}.rst",
        category=category,
        labels={"result": about.replace("_", " "), "shown as": form},
    )


def provenance(path):
    """The manifest of a result, in the report too, so that captions can link to it."""
    return report(
        path + layout.MANIFEST,
        caption="../report/manifest.rst",
        category="Provenance",
        labels={"manifest of": path},
    )
