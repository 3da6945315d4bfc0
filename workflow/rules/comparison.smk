rule figure4:
    """Figure 4: what both environments show, with goals and actions drawn; nothing is trained for it."""
    input:
        code=sources(
            "gwpipe.stages.figure4",
            *(f"gwpipe.envs.{env}" for env in CONFIG.figures.panels),
            *acting_experts(),
        ),
    output:
        png=shown(layout.FIGURE4, "figure4", "Environments", "picture"),
        pdf=layout.FIGURE4_PDF,
        manifest=provenance(layout.FIGURE4),
        pdf_manifest=layout.FIGURE4_PDF + layout.MANIFEST,
    log:
        f"logs/{SCALE}/figure4/figure4.log",
    benchmark:
        f"results/{SCALE}/benchmarks/figure4/figure4.tsv"
    params:
        scale=SCALE,
        settings=canonical("figure4"),
    shell:
        "gwpipe figure4 --scale {params.scale} --settings {params.settings:q} 2> {log}"


rule ablate:
    """Every trained agent of a task without attributes, without vision, and with both."""
    input:
        agents=agents_with_what_they_see,
        code=lambda wildcards: sources(
            "gwpipe.stages.ablate",
            *(METHODS[method].module for method in agents(wildcards.env).runs),
            f"gwpipe.envs.{wildcards.env}",
            *kinds(wildcards.env),
        ),
    output:
        table=at(layout.ABLATION),
        manifest=at(layout.ABLATION) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/ablate/{{env}}_{{task}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/ablate/{{env}}_{{task}}.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("ablate"),
    shell:
        "gwpipe ablate --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"


rule figure5:
    """Figure 5: return against environment steps, and when each method reached the criterion."""
    input:
        curves=curves_of_panels,
        criterion=of_panels(layout.CRITERION),
        code=sources("gwpipe.stages.figure5"),
    output:
        png=shown(layout.FIGURE5, "figure5", "Agents", "picture"),
        pdf=layout.FIGURE5_PDF,
        numbers=shown(layout.FIGURE5_NUMBERS, "figure5", "Agents", "numbers"),
        manifest=provenance(layout.FIGURE5),
        manifests=[path + layout.MANIFEST for path in (layout.FIGURE5_PDF, layout.FIGURE5_NUMBERS)],
    log:
        f"logs/{SCALE}/figure5/figure5.log",
    benchmark:
        f"results/{SCALE}/benchmarks/figure5/figure5.tsv"
    params:
        scale=SCALE,
        settings=canonical("figure5"),
    shell:
        "gwpipe figure5 --scale {params.scale} --settings {params.settings:q} 2> {log}"


rule figure6:
    """Figure 6: return of trained agents that lose a modality."""
    input:
        ablation=of_panels(layout.ABLATION),
        criterion=of_panels(layout.CRITERION),
        code=sources("gwpipe.stages.figure6"),
    output:
        png=shown(layout.FIGURE6, "figure6", "Agents", "picture"),
        pdf=layout.FIGURE6_PDF,
        numbers=shown(layout.FIGURE6_NUMBERS, "figure6", "Agents", "numbers"),
        manifest=provenance(layout.FIGURE6),
        manifests=[path + layout.MANIFEST for path in (layout.FIGURE6_PDF, layout.FIGURE6_NUMBERS)],
    log:
        f"logs/{SCALE}/figure6/figure6.log",
    benchmark:
        f"results/{SCALE}/benchmarks/figure6/figure6.tsv"
    params:
        scale=SCALE,
        settings=canonical("figure6"),
    shell:
        "gwpipe figure6 --scale {params.scale} --settings {params.settings:q} 2> {log}"
