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
        scale=SCALE,
        settings=canonical("random_policy"),
    shell:
        "gwpipe random_policy --scale {params.scale} --settings {params.settings:q} 2> {log}"


rule train_agent:
    """One method, task and seed, trained by acting and dreaming."""
    input:
        representation=representation_of_method,
        code=lambda wildcards: sources(
            "gwpipe.stages.train_agent",
            entry(wildcards.method).module,
            f"gwpipe.envs.{wildcards.env}",
            *kinds_of_method(wildcards),
        ),
    output:
        weights=at(layout.AGENT),
        curve=at(layout.CURVE),
        manifests=[at(pattern) + layout.MANIFEST for pattern in (layout.AGENT, layout.CURVE)],
    log:
        f"logs/{SCALE}/train_agent/{{env}}_{{task}}_{{method}}_{{seed}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/train_agent/{{env}}_{{task}}_{{method}}_{{seed}}.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("train_agent"),
    shell:
        "gwpipe train_agent --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"


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
        scale=SCALE,
        settings=canonical("criterion"),
    shell:
        "gwpipe criterion --scale {params.scale} --settings {params.settings:q} 2> {log}"
