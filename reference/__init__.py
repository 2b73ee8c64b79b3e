"""Reference implementations of everything the lessons teach, in plain PyTorch, written to be read."""
