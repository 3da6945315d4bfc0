rule collect:
    """Episodes of one policy on one task, as Zarr."""
    input:
        agent=collecting_agent,
        code=lambda wildcards: sources(
            "gwpipe.stages.collect",
            f"gwpipe.envs.{wildcards.env}",
            *experts.modules(wildcards.task, wildcards.policy),
            *(module for source in source_of(wildcards) for module in modules_of_agent(source)),
        ),
    output:
        data=directory(at(layout.DATA)),
        manifest=at(layout.DATA) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/collect/{{env}}_{{task}}_{{policy}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/collect/{{env}}_{{task}}_{{policy}}.tsv"
    threads: workers
    params:
        scale=SCALE,
        settings=canonical("collect"),
    shell:
        "gwpipe collect --scale {params.scale} --settings {params.settings:q} --threads {threads} 2> {log}"
