"""The Global Workspace: unimodal latents of several domains in one shared representation (Sect. II-A, Appendix B)."""
