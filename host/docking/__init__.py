"""The dock: hears tags, knows them by their adverts, fetches their logs one at a time."""
