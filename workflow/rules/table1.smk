def per_environment(pattern):
    """The artefact of every environment's configured task, with its manifest."""
    return [
        path.format(env=env, task=agents(env).task) for env in settings.ENVIRONMENTS for path in with_manifest(pattern)
    ]


def representations(wildcards):
    """The manifests of all VAEs and workspaces: how many updates each was trained for."""
    paths = []
    for env in settings.ENVIRONMENTS:
        block = CONFIG.environments[env].representation
        paths += [at(layout.VAE).format(env=env, domain=domain) for domain in block.vae]
        paths += [at(layout.WORKSPACE).format(env=env, kind=kind) for kind in block.workspace.kinds]
    return [path + layout.MANIFEST for path in paths]


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
    log:
        f"logs/{SCALE}/table1/table1.log",
    benchmark:
        f"results/{SCALE}/benchmarks/table1/table1.tsv"
    params:
        settings=canonical("table1"),
    shell:
        "{GWPIPE} table1 --scale {SCALE} --settings {params.settings:q} 2> {log}"
