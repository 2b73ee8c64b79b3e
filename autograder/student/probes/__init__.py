"""One module a lesson; its `EXERCISES` maps an exercise's name to `probe(attempt, problem, recorder)`.

A probe runs the student's function on the problem and records what came out. It holds no answers.
"""
