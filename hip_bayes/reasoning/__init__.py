"""What is asked of a result: triage, explanation, questions, intervals, sensitivity, what-if, fit."""
