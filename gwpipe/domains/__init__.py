"""Domains: one modality's observations to a unimodal latent u and back, by a β-VAE (Sect. II-A, Appendix A)."""
