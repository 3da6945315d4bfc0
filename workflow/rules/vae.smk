rule train_vae:
    """The β-VAE of one domain."""
    input:
        data=data_of_representation,
        code=lambda wildcards: sources("gwpipe.stages.train_vae", *kinds(wildcards.env, wildcards.domain)),
    output:
        weights=at(layout.VAE),
        manifest=at(layout.VAE) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/train_vae/{{env}}_{{domain}}.log",
    cache: CACHED
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("train_vae"),
    shell:
        "gwpipe train_vae --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"
