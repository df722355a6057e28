"""The charge model: what a day costs the cell, for the power budget and for the benchmark."""
