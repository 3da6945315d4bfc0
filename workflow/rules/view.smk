# What `gwpipe status` is told: the jobs that were asked for, and how Snakemake ended. Not in dry runs.
from gwpipe.view import plan, status, status_text


def planned(dag):
    """The jobs of the DAG as the plan holds them; rules without a stage (targets) are left out."""
    jobs = [job for job in dag.jobs if job.rule.name in STAGES]
    place = {job: at for at, job in enumerate(jobs)}
    return [
        plan.Job(
            stage=job.rule.name,
            wildcards={name: job.wildcards[name] for name in STAGES[job.rule.name][2]},
            outputs=list(map(str, job.output)),
            log=str(job.log[0]),
            settings=job.params.settings,
            needed=dag.needrun(job),
            after=sorted(place[before] for before in dag.dependencies[job] if before in place),
        )
        for job in jobs
    ]


def wanted(dag):
    """What was asked for: a file of each target job, or what a target without a file gathers."""
    return sorted(str(path) for job in dag.targetjobs for path in (job.output[:1] or job.input))


onstart:
    plan.write(Path(), SCALE, wanted(workflow.dag), planned(workflow.dag))


onsuccess:
    plan.end(Path(), SCALE, "done")


onerror:
    plan.end(Path(), SCALE, "failed")
    print("\n".join(status_text.failures(status.status_of(Path(), SCALE), Path())), file=sys.stderr)
