# not a notebook
