"""What runs in the sandbox beside the student's code: the template process, and what makes a kernel of it.

It is copied there as `autograder.kernel` and imports nothing of ours but `autograder.student`.
"""
