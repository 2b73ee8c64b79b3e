"""The lessons (notebooks under `source/`), their pictures (`visuals`) and the course's nbgrader settings."""
