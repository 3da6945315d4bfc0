from gwpipe.agents.registry import METHODS


def representation_of_method(wildcards):
    """What an agent's observations go through: the VAEs, and the workspace where its method has one."""
    kind = METHODS[wildcards.method].workspace
    workspace = [path.format(env=wildcards.env, kind=kind) for path in with_manifest(layout.WORKSPACE)]
    return vaes(wildcards) + (workspace if kind else [])


rule random_policy:
    """The mean return that everything is measured above."""
    input:
        code=lambda wildcards: sources("gwpipe.stages.random_policy", f"gwpipe.envs.{wildcards.env}"),
    output:
        returns=at(layout.RANDOM),
        manifest=at(layout.RANDOM) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/random_policy/{{env}}_{{task}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/random_policy/{{env}}_{{task}}.tsv"
    params:
        settings=canonical("random_policy"),
    shell:
        "{GWPIPE} random_policy --scale {SCALE} --settings {params.settings:q} 2> {log}"


rule train_agent:
    """One method, task and seed, trained by acting and dreaming."""
    input:
        representation=representation_of_method,
        code=lambda wildcards: sources(
            "gwpipe.stages.train_agent",
            METHODS[wildcards.method].module,
            f"gwpipe.envs.{wildcards.env}",
        ),
    output:
        weights=at(layout.AGENT),
        curve=at(layout.CURVE),
        manifest=at(layout.AGENT) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/train_agent/{{env}}_{{task}}_{{method}}_{{seed}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/train_agent/{{env}}_{{task}}_{{method}}_{{seed}}.tsv"
    params:
        settings=canonical("train_agent"),
    shell:
        "{GWPIPE} train_agent --scale {SCALE} --settings {params.settings:q} --threads {threads} 2> {log}"


def curves(wildcards):
    """The curves of every configured method and seed of an environment, with the weights' manifests."""
    return [
        at(pattern).format(env=wildcards.env, task=wildcards.task, method=method, seed=seed)
        for method, seeds in agents(wildcards.env).runs.items()
        for seed in seeds
        for pattern in (layout.CURVE, layout.AGENT + layout.MANIFEST)
    ]


rule criterion:
    """The return from which the task counts as solved, and who reached it when."""
    input:
        curves=curves,
        random=with_manifest(layout.RANDOM),
        code=sources("gwpipe.stages.criterion"),
    output:
        criterion=at(layout.CRITERION),
        manifest=at(layout.CRITERION) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/criterion/{{env}}_{{task}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/criterion/{{env}}_{{task}}.tsv"
    params:
        settings=canonical("criterion"),
    shell:
        "{GWPIPE} criterion --scale {SCALE} --settings {params.settings:q} 2> {log}"
