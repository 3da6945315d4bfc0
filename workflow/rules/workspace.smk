rule train_workspace:
    """The Global Workspace (gw) or the CLIP-like model (clip)."""
    input:
        latents=latents_of_workspace,
        code=sources("gwpipe.stages.train_workspace"),
    output:
        weights=at(layout.WORKSPACE),
        manifest=at(layout.WORKSPACE) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/train_workspace/{{env}}_{{kind}}.log",
    cache: CACHED
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("train_workspace"),
    shell:
        "gwpipe train_workspace --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"
