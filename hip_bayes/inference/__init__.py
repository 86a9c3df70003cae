"""Exact posteriors: what was said about a case, links, priors, engines, and the plain result of one case."""
