"""A thin file a stage: settings and a place in, artefacts with manifests out. Rule, stage, log and test share a name."""
