"""A thin file a stage: settings and a place in, artefacts with manifests out. Rule, stage and log share a name."""
