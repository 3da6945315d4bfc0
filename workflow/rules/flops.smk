rule count_flops:
    """Operations of one update of each component, at this scale and at the paper's."""
    input:
        code=lambda wildcards: sources("gwpipe.stages.count_flops", *kinds(wildcards.env)),
    output:
        flops=at(layout.FLOPS),
        manifest=at(layout.FLOPS) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/count_flops/{{env}}_{{task}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/count_flops/{{env}}_{{task}}.tsv"
    params:
        scale=SCALE,
        settings=canonical("count_flops"),
    shell:
        "gwpipe count_flops --scale {params.scale} --settings {params.settings:q} 2> {log}"
