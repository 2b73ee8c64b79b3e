"""What the lessons teach, worked out in plain PyTorch and written to be read.

Landscapes to walk on (`landscapes`), rules that walk (`optimizers`), the theory that says beforehand how fast they
will be (`theory`), and the loops that find out (`training`). Only torch and the standard library are needed.
"""
