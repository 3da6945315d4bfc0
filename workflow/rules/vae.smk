def data_of_representation(wildcards):
    """Every data set that the representation of an environment is trained on, each with its manifest."""
    return [
        path.format(env=wildcards.env, task=source.task, policy=source.policy)
        for source in representation(wildcards).data
        for path in with_manifest(layout.DATA)
    ]


rule train_vae:
    """The β-VAE of one domain."""
    input:
        data=data_of_representation,
        code=sources("gwpipe.stages.train_vae"),
    output:
        weights=at(layout.VAE),
        manifest=at(layout.VAE) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/train_vae/{{env}}_{{domain}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/train_vae/{{env}}_{{domain}}.tsv"
    params:
        settings=canonical("train_vae"),
    shell:
        "{GWPIPE} train_vae --scale {SCALE} --settings {params.settings:q} --threads {threads} 2> {log}"
