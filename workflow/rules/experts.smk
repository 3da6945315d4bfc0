rule measure_expert:
    """Episodes of one task's scripted expert, and of the random policy."""
    input:
        code=lambda wildcards: sources(
            "gwpipe.stages.measure_expert",
            f"gwpipe.envs.{wildcards.env}",
            *experts.modules(wildcards.task, "expert"),
        ),
    output:
        episodes=at(layout.EXPERT),
        manifest=at(layout.EXPERT) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/measure_expert/{{env}}_{{task}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/measure_expert/{{env}}_{{task}}.tsv"
    params:
        scale=SCALE,
        settings=canonical("measure_expert"),
    shell:
        "gwpipe measure_expert --scale {params.scale} --settings {params.settings:q} 2> {log}"


rule expert_table:
    """Success and return of every scripted expert."""
    input:
        episodes=measured_experts(),
        code=sources("gwpipe.stages.expert_table"),
    output:
        table=layout.EXPERTS,
        markdown=layout.EXPERTS_MARKDOWN,
        manifests=[path + layout.MANIFEST for path in (layout.EXPERTS, layout.EXPERTS_MARKDOWN)],
    log:
        f"logs/{SCALE}/expert_table/expert_table.log",
    benchmark:
        f"results/{SCALE}/benchmarks/expert_table/expert_table.tsv"
    params:
        scale=SCALE,
        settings=canonical("expert_table"),
    shell:
        "gwpipe expert_table --scale {params.scale} --settings {params.settings:q} 2> {log}"
