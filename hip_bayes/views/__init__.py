"""How it looks: terminal text, HTML, plots, plain data."""
