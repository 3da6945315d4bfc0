rule redraw:
    """A figure of recorded runs: nothing is trained or played for it."""
    input:
        record=recorded,
        code=sources("gwpipe.stages.redraw"),
    output:
        png=layout.REDRAWN,
        pdf=layout.REDRAWN_PDF,
        numbers=layout.REDRAWN_NUMBERS,
        manifests=[path + layout.MANIFEST for path in (layout.REDRAWN, layout.REDRAWN_PDF, layout.REDRAWN_NUMBERS)],
    log:
        f"logs/{SCALE}/redraw/{{record}}_{{figure}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/redraw/{{record}}_{{figure}}.tsv"
    params:
        scale=SCALE,
        settings=canonical("redraw"),
    shell:
        "gwpipe redraw --scale {params.scale} --settings {params.settings:q} 2> {log}"


rule recorded:
    """Every figure of every record of runs under docs/results."""
    input:
        figures_of_records(),
