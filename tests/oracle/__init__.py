"""What the station keeps rolled up, made anew from the whole history: tests hold both against each other."""
