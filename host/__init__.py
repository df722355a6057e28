"""The Kitdock host: what a station runs. Pure rules here, edges in `link`, `store`, `sim` and `cli`."""
