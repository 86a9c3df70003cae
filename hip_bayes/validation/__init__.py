"""How good is it: simulated and published cases, scores, the model card."""
