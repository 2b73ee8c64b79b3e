"""What the tests of grading share."""

from functools import cache

import nbgrader.api

# for each new gradebook nbgrader asks alembic in a process of its own, for seconds, what never changes
nbgrader.api.get_alembic_version = cache(nbgrader.api.get_alembic_version)
