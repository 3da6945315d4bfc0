rule table1:
    """Table I of the paper, its sentences about efficiency, and the parameter counts."""
    input:
        flops=per_environment(layout.FLOPS),
        criterion=criteria,
        representations=representations,
        code=sources("gwpipe.stages.table1"),
    output:
        table=shown(layout.TABLE1, "table1", "Table I", "numbers"),
        manifest=provenance(layout.TABLE1),
        page=shown(layout.TABLE1_PAGE, "table1", "Table I", "to read"),
        markdown=layout.TABLE1_MARKDOWN,
        claims=shown(layout.CLAIMS, "table1", "Table I", "the paper's sentences"),
        parameters=shown(layout.PARAMETERS, "table1", "Table I", "parameters"),
        manifests=[
            path + layout.MANIFEST
            for path in (layout.TABLE1_PAGE, layout.TABLE1_MARKDOWN, layout.CLAIMS, layout.PARAMETERS)
        ],
    log:
        f"logs/{SCALE}/table1/table1.log",
    benchmark:
        f"results/{SCALE}/benchmarks/table1/table1.tsv"
    params:
        scale=SCALE,
        settings=canonical("table1"),
    shell:
        "gwpipe table1 --scale {params.scale} --settings {params.settings:q} 2> {log}"
