"""Uses: openings of pouches, what officers say of them, and one account of doses over all that was said."""
