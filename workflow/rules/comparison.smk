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
        agents=ablated,
        code=lambda wildcards: code_of_comparison("gwpipe.stages.ablate", wildcards.env, agents(wildcards.env).runs),
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


rule noise:
    """Every trained agent of a task while one modality is disturbed, by kind and strength."""
    input:
        agents=disturbed,
        code=lambda wildcards: code_of_comparison("gwpipe.stages.noise", wildcards.env, agents(wildcards.env).disturbed),
    output:
        table=at(layout.NOISE),
        manifest=at(layout.NOISE) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/noise/{{env}}_{{task}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/noise/{{env}}_{{task}}.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("noise"),
    shell:
        "gwpipe noise --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"


rule draw_noise:
    """Return of trained agents against the strength of the noise."""
    input:
        noise=of_panels(layout.NOISE),
        criterion=of_panels(layout.CRITERION),
        code=sources("gwpipe.stages.draw_noise"),
    output:
        png=shown(layout.NOISE_FIGURE, "noise", "Agents", "picture"),
        pdf=layout.NOISE_PDF,
        numbers=shown(layout.NOISE_NUMBERS, "noise", "Agents", "numbers"),
        manifest=provenance(layout.NOISE_FIGURE),
        manifests=[path + layout.MANIFEST for path in (layout.NOISE_PDF, layout.NOISE_NUMBERS)],
    log:
        f"logs/{SCALE}/draw_noise/draw_noise.log",
    benchmark:
        f"results/{SCALE}/benchmarks/draw_noise/draw_noise.tsv"
    params:
        scale=SCALE,
        settings=canonical("draw_noise"),
    shell:
        "gwpipe draw_noise --scale {params.scale} --settings {params.settings:q} 2> {log}"


rule transfer:
    """Policies trained on one domain that act on it and on the others."""
    input:
        agents=transferred,
        code=lambda wildcards: code_of_comparison(
            "gwpipe.stages.transfer", wildcards.env, agents(wildcards.env).transfer.runs
        ),
    output:
        table=at(layout.TRANSFER),
        manifest=at(layout.TRANSFER) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/transfer/{{env}}_{{task}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/transfer/{{env}}_{{task}}.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("transfer"),
    shell:
        "gwpipe transfer --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"


rule draw_transfer:
    """Return of policies that act on a modality that they were not trained on."""
    input:
        transfer=of_panels(layout.TRANSFER),
        criterion=of_panels(layout.CRITERION),
        code=sources("gwpipe.stages.draw_transfer"),
    output:
        png=shown(layout.TRANSFER_FIGURE, "transfer", "Agents", "picture"),
        pdf=layout.TRANSFER_PDF,
        numbers=shown(layout.TRANSFER_NUMBERS, "transfer", "Agents", "numbers"),
        manifest=provenance(layout.TRANSFER_FIGURE),
        manifests=[path + layout.MANIFEST for path in (layout.TRANSFER_PDF, layout.TRANSFER_NUMBERS)],
    log:
        f"logs/{SCALE}/draw_transfer/draw_transfer.log",
    benchmark:
        f"results/{SCALE}/benchmarks/draw_transfer/draw_transfer.tsv"
    params:
        scale=SCALE,
        settings=canonical("draw_transfer"),
    shell:
        "gwpipe draw_transfer --scale {params.scale} --settings {params.settings:q} 2> {log}"


rule open_loop:
    """What trained agents dream of the actions that they took, beside what came of them."""
    input:
        agents=dreamt,
        code=lambda wildcards: code_of_comparison(
            "gwpipe.stages.open_loop", wildcards.env, dreaming(CONFIG, wildcards.env), ERRORS[wildcards.env]
        ),
    output:
        table=at(layout.OPEN_LOOP),
        manifest=at(layout.OPEN_LOOP) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/open_loop/{{env}}_{{task}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/open_loop/{{env}}_{{task}}.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("open_loop"),
    shell:
        "gwpipe open_loop --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"
