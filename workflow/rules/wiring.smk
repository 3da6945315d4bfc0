# What the rules are wired with: paths at this scale, settings, and the artefacts a job needs. Functions only.
import os

from gwpipe import layout
from gwpipe.errors import nearest
from gwpipe.machine import shared_out
from gwpipe.settings import domains, experts
from gwpipe.settings.choices import modules_of_agent, seen_by
from gwpipe.settings.comparison_stages import ERRORS, dreaming, rules_of
from gwpipe.settings.methods import entry
from gwpipe.settings.packaged import comes_packaged
from gwpipe.settings.stages import STAGES, stage_settings
from gwpipe.settings.table1_stages import workspaces_in
from gwpipe.settings.workspace_studies import STUDIES, study_named
from gwpipe.sources import sources as files_of

# Of rules that compute with tensors; a profile says otherwise with `set-resources`.
DEVICE = os.environ.get("GWPIPE_DEVICE", "cpu")


def sources(*modules):
    """The files of these modules and of all they import; they travel with the workflow, not with the data."""
    return [local(path) for path in files_of(*modules)]


def at(pattern):
    """A path pattern of this scale; the other wildcards stay."""
    return pattern.replace("{scale}", SCALE)


def with_manifest(pattern):
    """An artefact as an input: its manifest changes whenever it is made anew."""
    return [at(pattern), at(pattern) + layout.MANIFEST]


def refuse_unknown(words):
    """One line for a target among `words` that the configuration has no names or no domains for."""
    for path in map(Path, words):
        if str(path.parent) == str(Path(layout.STUDY).parent) and path.suffix in (".csv", ".png", ".pdf"):
            if path.stem not in (*STUDIES, "fusion_rules", "out_of_distribution"):
                raise WorkflowError(f"{path}: study '{path.stem}' is unknown{nearest(path.stem, STUDIES)}")
        stage, wildcards = layout.run_of(path) or (None, {})
        # Tables and figures lie in no folder of a scale, and are called as the stage that makes them.
        final = path.is_relative_to("results") and path.stem in STAGES and not STAGES[path.stem][2]
        if final:
            stage, wildcards = path.stem, {}
        other = path.parts[1] if stage and not final and path.parts[0] == "results" else SCALE
        if other != SCALE:
            file = f"workflow/scales/{other}.yaml"
            raise WorkflowError(f"{path}: this call is of the scale '{SCALE}'; give it --configfile {file}")
        if stage and (final or path.is_relative_to(f"results/{SCALE}")):
            try:
                stage_settings(stage, CONFIG, PAPER, **wildcards)
            except UserError as mistake:
                raise WorkflowError(f"{path}: {mistake}") from None


def canonical(stage):
    """The params function of a rule: exactly the settings its stage depends on, as one string."""
    return lambda wildcards: stage_settings(stage, CONFIG, PAPER, **wildcards).canonical()


def kinds(env, *names):
    """Where the kinds of these domains of an environment are defined; of those that agents see if none is named."""
    block = CONFIG.environments[env].representation
    return domains.modules(block.vae[name].kind for name in names or block.domains)


def representation(wildcards):
    return CONFIG.environments[wildcards.env].representation


def agents(env):
    return CONFIG.environments[env].agents


def workers(wildcards):
    """Processes that collect a data set, where no profile says it."""
    data_sets = sum(len(CONFIG.environments[env].representation.data) for env in settings.ENVIRONMENTS)
    return shared_out(workflow.resource_settings.cores or 1, data_sets)


def source_of(wildcards):
    """The settings of a data set, in a list; none where it is not configured."""
    chosen = wildcards.task, wildcards.policy
    return [source for source in representation(wildcards).data if (source.task, source.policy) == chosen]


def collecting_agent(wildcards):
    """The agent that acts in a data set, with its manifest; nothing for random and scripted data."""
    return [
        path.format(env=wildcards.env, task=source.task, method=source.agent, seed=source.agent_seed)
        for source in source_of(wildcards)
        if source.agent
        for path in with_manifest(layout.AGENT)
    ]


def data_of_representation(wildcards):
    """Every data set that the representation of an environment is trained on, each with its manifest."""
    return taken(wildcards, f"{wildcards.env}/vae/{wildcards.domain}") or [
        path.format(env=wildcards.env, task=source.task, policy=source.policy)
        for source in representation(wildcards).data
        for path in with_manifest(layout.DATA)
    ]


def seen(env, *methods):
    """The VAEs and workspaces that agents of these methods see through, each with its manifest."""
    block = CONFIG.environments[env].representation
    needed = {domain for method in methods for domain in seen_by(method, block)}
    kinds_seen = {entry(method).workspace for method in methods} - {None}
    return [
        path.format(env=env, domain=domain)
        for domain in block.domains
        if domain in needed
        for path in with_manifest(layout.VAE)
    ] + [path.format(env=env, kind=kind) for kind in sorted(kinds_seen) for path in with_manifest(layout.WORKSPACE)]


def caches(env, *names):
    """The latents of these domains of every data set; of those that workspaces see if none is named."""
    block = CONFIG.environments[env].representation
    return [
        at(layout.LATENTS).format(env=env, task=source.task, policy=source.policy, domain=domain)
        for source in block.data
        for domain in names or block.domains
    ]


def taken(wildcards, name):
    """The weights that are taken from the package; nothing where they are trained."""
    if representation(wildcards).reference and comes_packaged(name):
        return [os.path.relpath(layout.REFERENCE / f"{name}.safetensors")]
    return []


def latents_of_workspace(wildcards):
    """What a workspace comes from: latents, or the package."""
    return taken(wildcards, f"{wildcards.env}/workspace/{wildcards.kind}") or latents_of_representation(wildcards)


def latents_of_representation(wildcards):
    """The latents that workspaces and rules of fusion are trained on, each with its manifest."""
    return [name for path in caches(wildcards.env) for name in (path, path + layout.MANIFEST)]


def representation_of_method(wildcards):
    """What an agent's observations go through: VAEs and a workspace, each where its method has one."""
    return seen(wildcards.env, wildcards.method)


def kinds_of_method(wildcards):
    """Where the kinds of the domains that a method sees are defined."""
    names = seen_by(wildcards.method, representation(wildcards))
    return kinds(wildcards.env, *names) if names else []


def curves(wildcards):
    """The curves of every method and seed trained on a task, with the weights' manifests."""
    return [
        at(pattern).format(env=wildcards.env, task=wildcards.task, method=method, seed=seed)
        for method, seeds in agents(wildcards.env).runs_on(wildcards.task).items()
        for seed in seeds
        for pattern in (layout.CURVE, layout.AGENT + layout.MANIFEST)
    ]


def agents_with_what_they_see(wildcards, runs):
    """The agents of `runs`, method to seeds, and the VAEs and workspaces that any of them sees through."""
    return [
        path.format(env=wildcards.env, task=wildcards.task, method=method, seed=seed)
        for method, seeds in runs.items()
        for seed in seeds
        for path in with_manifest(layout.AGENT)
    ] + seen(wildcards.env, *(method for method, seeds in runs.items() if seeds))


def ablated(wildcards):
    """Agents that have a modality to lose."""
    runs = agents(wildcards.env).runs
    return agents_with_what_they_see(wildcards, {name: runs[name] for name in runs if entry(name).only is None})


def disturbed(wildcards):
    """The agents of an environment that meet noise, and the learned rules of fusion that may choose for it."""
    rules, seed = rules_of(CONFIG, wildcards.env)
    return agents_with_what_they_see(wildcards, agents(wildcards.env).disturbed) + [
        path.format(env=wildcards.env, rule=rule, seed=seed)
        for rule in rules
        for path in with_manifest(layout.SELECTION)
    ]


def transferred(wildcards):
    """Every agent of an environment that was trained on one domain."""
    return agents_with_what_they_see(wildcards, agents(wildcards.env).transfer.runs)


def dreamt(wildcards):
    """Every agent of an environment that has a world model."""
    return agents_with_what_they_see(wildcards, dreaming(CONFIG, wildcards.env))


def code_of_comparison(stage, env, runs, *others):
    """The files of a stage that plays trained agents, of their methods, their environment and its domains."""
    return sources(stage, *others, *(entry(method).module for method in runs), f"gwpipe.envs.{env}", *kinds(env))


def of_panels(pattern):
    """The artefact of every environment that Figures 5 and 6 show, with its manifest."""
    return [
        path.format(env=env, task=agents(env).task) for env in CONFIG.figures.panels for path in with_manifest(pattern)
    ]


def acting_experts():
    """The modules of the experts that Figure 4 shows, where its tasks have one."""
    tasks = [agents(env).task for env in CONFIG.figures.panels]
    return [module for task in tasks if task in experts.EXPERTS for module in experts.modules(task, "expert")]


def curves_of_panels(wildcards):
    """The curves of every environment that Figure 5 shows, with their manifests."""
    return [
        path.format(env=env, task=agents(env).task, method=method, seed=seed)
        for env in CONFIG.figures.panels
        for method, seeds in agents(env).runs.items()
        for seed in seeds
        for path in with_manifest(layout.CURVE)
    ]


def curves_of_tasks(name):
    """The curves of every run on RoboDesk's tasks of a set, with their manifests."""
    sets = agents("robodesk").task_sets
    return lambda wildcards: [
        path.format(env="robodesk", task=task, method=method, seed=seed)
        for task in sets[name]
        for method, seeds in sets.runs.items()
        for seed in seeds
        for path in with_manifest(layout.CURVE)
    ]


def criteria(wildcards):
    """The criterion of every task that agents of Table I are trained on, with its manifest."""
    return [
        path.format(env=env, task=task)
        for env in CONFIG.figures.panels
        for task in dict.fromkeys([agents(env).task, *agents(env).task_sets.trained])
        for path in with_manifest(layout.CRITERION)
    ]


def per_environment(pattern):
    """The artefact of every environment's configured task, with its manifest."""
    return [
        path.format(env=env, task=agents(env).task) for env in settings.ENVIRONMENTS for path in with_manifest(pattern)
    ]


def representations(wildcards):
    """The manifests of all VAEs, workspaces and latents of Table I: what each was trained on, and for how long."""
    paths = []
    for env in CONFIG.figures.panels:
        block = CONFIG.environments[env].representation
        paths += [at(layout.VAE).format(env=env, domain=domain) for domain in block.domains]
        paths += [at(layout.WORKSPACE).format(env=env, kind=kind) for kind in workspaces_in(CONFIG, env)]
        paths += caches(env)
    return [path + layout.MANIFEST for path in paths]


def measured(kinds):
    """What is measured on Simple Shapes: two VAEs, workspaces of these kinds and the reader, with their manifests."""
    env = "simple_shapes"
    paths = [path.format(env=env, domain=domain) for domain in ("v", "attr") for path in with_manifest(layout.VAE)]
    paths += [path.format(env=env, kind=kind) for kind in kinds for path in with_manifest(layout.WORKSPACE)]
    return paths + with_manifest(layout.READER)


def seen_without_hole(wildcards):
    """The VAEs and the reader of Simple Shapes, its data, and latents of images and attributes, with their manifests."""
    env = "simple_shapes"
    names = [source.model_dump(include={"task", "policy"}) for source in CONFIG.environments[env].representation.data]
    paths = [path.format(env=env, **name) for name in names for path in with_manifest(layout.DATA)]
    return (
        measured([])
        + paths
        + [
            path.format(env=env, domain=domain, **name)
            for name in names
            for domain in ("attr", "v")
            for path in with_manifest(layout.LATENTS)
        ]
    )


def fused_by_rules(wildcards):
    """The Global Workspace of Simple Shapes, its latents, and every trained rule of fusion, with their manifests."""
    study = CONFIG.environments.simple_shapes.quality.fusion_rules
    paths = [path.format(env="simple_shapes", kind="gw") for path in with_manifest(layout.WORKSPACE)]
    paths += [name for path in caches("simple_shapes") for name in (path, path + layout.MANIFEST)]
    return paths + [
        path.format(env="simple_shapes", rule=rule, seed=seed)
        for rule in study.learned
        for seed in study.seeds
        for path in with_manifest(layout.SELECTION)
    ]


def studied(wildcards):
    """The latents that a study of small workspaces reads, the data they show, and VAEs where it encodes shapes."""
    env, study = "simple_shapes", study_named(wildcards.study)
    paths = [name for path in caches(env, *study.domains) for name in (path, path + layout.MANIFEST)]
    paths += [
        path.format(env=env, task=source.task, policy=source.policy)
        for source in CONFIG.environments[env].representation.data
        for path in with_manifest(layout.DATA)
    ]
    if study.vaes:
        paths += [path.format(env=env, domain=name) for name in study.domains for path in with_manifest(layout.VAE)]
    return paths


def recorded(wildcards):
    """A record of runs: what it says of itself, and each environment's criterion and table of the figure."""
    index = Path(layout.RECORD_INDEX.format(record=wildcards.record))
    tables = (TABLES[wildcards.figure], "criterion.json")
    return [index, *sorted(path for name in tables for path in index.parent.glob(f"*/{name}"))]


def figures_of_records():
    """Every figure that a record has the tables of, with its numbers."""
    return [
        path.format(record=index.parent.name, figure=figure)
        for index in sorted(Path().glob(layout.RECORD_INDEX.format(record="*")))
        for figure, table in TABLES.items()
        if any(index.parent.glob(f"*/{table}"))
        for path in (layout.REDRAWN, layout.REDRAWN_NUMBERS)
    ]


def measured_experts():
    """What is known of every expert that the table tells of, with manifests."""
    tasks = CONFIG.environments.robodesk.experts.tasks
    return [path.format(env="robodesk", task=task) for task in tasks for path in with_manifest(layout.EXPERT)]
