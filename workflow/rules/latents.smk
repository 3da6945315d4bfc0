rule cache_latents:
    """Unimodal latents (posterior means) of one domain over a data set, row by row."""
    input:
        data=with_manifest(layout.DATA),
        vae=with_manifest(layout.VAE),
        code=lambda wildcards: sources("gwpipe.stages.cache_latents", *kinds(wildcards.env, wildcards.domain)),
    output:
        latents=directory(at(layout.LATENTS)),
        manifest=at(layout.LATENTS) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/cache_latents/{{env}}_{{task}}_{{policy}}_{{domain}}.log",
    cache: CACHED
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("cache_latents"),
    shell:
        "gwpipe cache_latents --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"
