rule figure7:
    """Figure 7: success counts on the tasks whose data the shared representation has seen."""
    input:
        curves=curves_of_tasks("six"),
        code=sources("gwpipe.stages.figure7"),
    output:
        png=shown(layout.FIGURE7, "figure7", "Agents", "picture"),
        pdf=layout.FIGURE7_PDF,
        numbers=shown(layout.FIGURE7_NUMBERS, "figure7", "Agents", "numbers"),
        manifest=provenance(layout.FIGURE7),
        manifests=[path + layout.MANIFEST for path in (layout.FIGURE7_PDF, layout.FIGURE7_NUMBERS)],
    log:
        f"logs/{SCALE}/figure7/figure7.log",
    benchmark:
        f"results/{SCALE}/benchmarks/figure7/figure7.tsv"
    params:
        scale=SCALE,
        settings=canonical("figure7"),
    shell:
        "gwpipe figure7 --scale {params.scale} --settings {params.settings:q} 2> {log}"


rule figure8:
    """Figure 8: success counts on tasks that the shared representation has never seen."""
    input:
        curves=curves_of_tasks("extra"),
        code=sources("gwpipe.stages.figure8"),
    output:
        png=shown(layout.FIGURE8, "figure8", "Agents", "picture"),
        pdf=layout.FIGURE8_PDF,
        numbers=shown(layout.FIGURE8_NUMBERS, "figure8", "Agents", "numbers"),
        manifest=provenance(layout.FIGURE8),
        manifests=[path + layout.MANIFEST for path in (layout.FIGURE8_PDF, layout.FIGURE8_NUMBERS)],
    log:
        f"logs/{SCALE}/figure8/figure8.log",
    benchmark:
        f"results/{SCALE}/benchmarks/figure8/figure8.tsv"
    params:
        scale=SCALE,
        settings=canonical("figure8"),
    shell:
        "gwpipe figure8 --scale {params.scale} --settings {params.settings:q} 2> {log}"
