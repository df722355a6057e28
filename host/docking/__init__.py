"""The dock: hears tags, knows them by their adverts, fetches what they have logged."""
