"""What every test shares."""

import torch

torch.set_num_threads(1)  # tests run beside each other, and threads that wait for each other cost more than they bring
