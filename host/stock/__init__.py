"""Stock: what expires, what to order, what was counted, a month in numbers, who is trained and has what."""
