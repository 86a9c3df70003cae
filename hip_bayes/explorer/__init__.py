"""One case in dialogue: the page in Jupyter and the interview at the terminal."""
