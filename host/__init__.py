"""The Kitdock host: what a station runs. Pure rules in its rooms, edges in `link`, `store`, `sim` and `cli`."""
