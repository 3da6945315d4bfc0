rule table1:
    """Table I of the paper, its sentences about efficiency, and the parameter counts."""
    input:
        flops=per_environment(layout.FLOPS),
        criterion=per_environment(layout.CRITERION),
        representations=representations,
        code=sources("gwpipe.stages.table1"),
    output:
        table=layout.TABLE1,
        manifest=layout.TABLE1 + layout.MANIFEST,
        markdown=layout.TABLE1_MARKDOWN,
        claims=layout.CLAIMS,
        parameters=layout.PARAMETERS,
        manifests=[path + layout.MANIFEST for path in (layout.TABLE1_MARKDOWN, layout.CLAIMS, layout.PARAMETERS)],
    log:
        f"logs/{SCALE}/table1/table1.log",
    benchmark:
        f"results/{SCALE}/benchmarks/table1/table1.tsv"
    params:
        scale=SCALE,
        settings=canonical("table1"),
    shell:
        "gwpipe table1 --scale {params.scale} --settings {params.settings:q} 2> {log}"
