"""The demonstration: a class of sample submissions, played through the whole main job."""
