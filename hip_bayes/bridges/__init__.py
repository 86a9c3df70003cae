"""Other people's formats: pgmpy."""
