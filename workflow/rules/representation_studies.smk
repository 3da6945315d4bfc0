rule train_reader:
    """The independent reader of Simple Shapes: attributes from pixels, learnt from true renderings alone."""
    input:
        code=sources("gwpipe.stages.train_reader"),
    output:
        weights=at(layout.READER),
        manifest=at(layout.READER) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/train_reader/train_reader.log",
    benchmark:
        f"results/{SCALE}/benchmarks/train_reader/train_reader.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("train_reader"),
    shell:
        "gwpipe train_reader --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"


rule workspace_quality:
    """Translation errors in human units between their bounds, and retrieval."""
    input:
        trained=measured(CONFIG.environments.simple_shapes.representation.workspace.kinds),
        code=sources("gwpipe.stages.workspace_quality", *kinds("simple_shapes", "attr", "v")),
    output:
        table=shown(layout.WORKSPACE_QUALITY, "workspace_quality", "Representation", "numbers"),
        manifest=provenance(layout.WORKSPACE_QUALITY),
        page=shown(layout.WORKSPACE_QUALITY_PAGE, "workspace_quality", "Representation", "to read"),
        markdown=layout.WORKSPACE_QUALITY_MARKDOWN,
        manifests=[
            path + layout.MANIFEST for path in (layout.WORKSPACE_QUALITY_PAGE, layout.WORKSPACE_QUALITY_MARKDOWN)
        ],
    log:
        f"logs/{SCALE}/workspace_quality/workspace_quality.log",
    benchmark:
        f"results/{SCALE}/benchmarks/workspace_quality/workspace_quality.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("workspace_quality"),
    shell:
        "gwpipe workspace_quality --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"


rule figure2:
    """Figure 2: incongruent images and attributes, decoded at three fusion weights, and its numbers."""
    input:
        trained=measured(["gw"]),
        code=sources("gwpipe.stages.figure2", *kinds("simple_shapes", "attr", "v")),
    output:
        png=shown(layout.FIGURE2, "figure2", "Representation", "picture"),
        manifest=provenance(layout.FIGURE2),
        pdf=layout.FIGURE2_PDF,
        numbers=shown(layout.FIGURE2_NUMBERS, "figure2", "Representation", "numbers"),
        manifests=[path + layout.MANIFEST for path in (layout.FIGURE2_PDF, layout.FIGURE2_NUMBERS)],
    log:
        f"logs/{SCALE}/figure2/figure2.log",
    benchmark:
        f"results/{SCALE}/benchmarks/figure2/figure2.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("figure2"),
    shell:
        "gwpipe figure2 --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"


rule desk_quality:
    """RoboDesk's reconstructions and translations, in metres and radians and as a picture."""
    input:
        trained=[
            path.format(env="robodesk", domain=domain)
            for domain in ("attr", "v")
            for path in with_manifest(layout.VAE)
        ]
        + [path.format(env="robodesk", kind="gw") for path in with_manifest(layout.WORKSPACE)],
        data=[
            path.format(env="robodesk", task=source.task, policy=source.policy)
            for source in CONFIG.environments.robodesk.representation.data
            for path in with_manifest(layout.DATA)
        ],
        code=sources("gwpipe.stages.desk_quality", "gwpipe.envs.robodesk", *kinds("robodesk", "attr", "v")),
    output:
        table=shown(layout.DESK_QUALITY, "desk_quality", "Representation", "numbers"),
        manifest=provenance(layout.DESK_QUALITY),
        markdown=layout.DESK_QUALITY_MARKDOWN,
        png=shown(layout.DESK_TRANSLATIONS, "desk_quality", "Representation", "picture"),
        manifests=[path + layout.MANIFEST for path in (layout.DESK_QUALITY_MARKDOWN, layout.DESK_TRANSLATIONS)],
    log:
        f"logs/{SCALE}/desk_quality/desk_quality.log",
    benchmark:
        f"results/{SCALE}/benchmarks/desk_quality/desk_quality.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("desk_quality"),
    shell:
        "gwpipe desk_quality --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"


rule train_selection:
    """A rule that chooses fusion weights, trained on the frozen Global Workspace while its inputs fail."""
    input:
        workspace=lambda wildcards: [
            path.format(env=wildcards.env, kind="gw") for path in with_manifest(layout.WORKSPACE)
        ],
        latents=latents_of_representation,
        code=sources("gwpipe.stages.train_selection"),
    output:
        weights=at(layout.SELECTION),
        manifest=at(layout.SELECTION) + layout.MANIFEST,
    log:
        f"logs/{SCALE}/train_selection/{{env}}_{{rule}}_{{seed}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/train_selection/{{env}}_{{rule}}_{{seed}}.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("train_selection"),
    shell:
        "gwpipe train_selection --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"


rule fusion_rules:
    """Each rule of fusion on clean and failing inputs, beside one who knows what is broken."""
    input:
        trained=fused_by_rules,
        code=sources("gwpipe.stages.fusion_rules"),
    output:
        table=shown(layout.FUSION_RULES, "fusion_rules", "Representation", "numbers"),
        picture=shown(layout.FUSION_RULES_FIGURE, "fusion_rules", "Representation", "picture"),
        pdf=layout.FUSION_RULES_PDF,
        manifest=provenance(layout.FUSION_RULES_FIGURE),
        manifests=[path + layout.MANIFEST for path in (layout.FUSION_RULES, layout.FUSION_RULES_PDF)],
    log:
        f"logs/{SCALE}/fusion_rules/fusion_rules.log",
    benchmark:
        f"results/{SCALE}/benchmarks/fusion_rules/fusion_rules.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("fusion_rules"),
    shell:
        "gwpipe fusion_rules --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"


rule workspace_study:
    """One study of many small workspaces: what is measured on each."""
    input:
        studied=studied,
        code=lambda wildcards: sources(
            "gwpipe.stages.workspace_study",
            STUDIES[wildcards.study].measuring,
            *kinds("simple_shapes", *STUDIES[wildcards.study].domains),
        ),
    output:
        table=layout.STUDY,
        manifest=layout.STUDY + layout.MANIFEST,
    log:
        f"logs/{SCALE}/workspace_study/{{study}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/workspace_study/{{study}}.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("workspace_study"),
    shell:
        "gwpipe workspace_study --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"


rule draw_study:
    """The picture of one study of many small workspaces."""
    input:
        table=[layout.STUDY, layout.STUDY + layout.MANIFEST],
        code=lambda wildcards: sources("gwpipe.stages.draw_study", STUDIES[wildcards.study].drawing),
    output:
        pictures=[layout.STUDY_FIGURE, layout.STUDY_PDF],
        manifests=[path + layout.MANIFEST for path in (layout.STUDY_FIGURE, layout.STUDY_PDF)],
    log:
        f"logs/{SCALE}/draw_study/{{study}}.log",
    benchmark:
        f"results/{SCALE}/benchmarks/draw_study/{{study}}.tsv"
    params:
        scale=SCALE,
        settings=canonical("draw_study"),
    shell:
        "gwpipe draw_study --scale {params.scale} --settings {params.settings:q} 2> {log}"


rule out_of_distribution:
    """Workspaces trained with and without a hole in the data, on shapes in the hole and outside."""
    input:
        trained=seen_without_hole,
        code=sources("gwpipe.stages.out_of_distribution", *kinds("simple_shapes", "attr", "v")),
    output:
        table=layout.OUT_OF_DISTRIBUTION,
        pictures=[layout.OUT_OF_DISTRIBUTION_FIGURE, layout.OUT_OF_DISTRIBUTION_PDF],
        manifests=[
            path + layout.MANIFEST
            for path in (
                layout.OUT_OF_DISTRIBUTION,
                layout.OUT_OF_DISTRIBUTION_FIGURE,
                layout.OUT_OF_DISTRIBUTION_PDF,
            )
        ],
    log:
        f"logs/{SCALE}/out_of_distribution/out_of_distribution.log",
    benchmark:
        f"results/{SCALE}/benchmarks/out_of_distribution/out_of_distribution.tsv"
    resources:
        device=DEVICE,
    params:
        scale=SCALE,
        settings=canonical("out_of_distribution"),
    shell:
        "gwpipe out_of_distribution --scale {params.scale} --settings {params.settings:q} "
        "--threads {threads} --device {resources.device} 2> {log}"
