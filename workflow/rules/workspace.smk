def latents_of_representation(wildcards):
    """The latents of every data set of an environment, each with its manifest."""
    return [
        path.format(env=wildcards.env, task=source.task, policy=source.policy)
        for source in representation(wildcards).data
        for path in with_manifest(layout.LATENTS)
    ]


rule train_workspace:
    """The Global Workspace (gw) or the CLIP-like model (clip)."""
    input:
        latents=latents_of_representation,
        code=sources("gwpipe.stages.train_workspace"),
    output:
        weights=at(layout.WORKSPACE),
        manifest=at(layout.WORKSPACE) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/train_workspace/{{env}}_{{kind}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/train_workspace/{{env}}_{{kind}}.tsv"
    params:
        settings=canonical("train_workspace"),
    shell:
        "{GWPIPE} train_workspace --scale {SCALE} --settings {params.settings:q} --threads {threads} 2> {log}"
