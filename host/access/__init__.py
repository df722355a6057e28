"""Who may do what, who did it, how long it is kept: roles, the login, the chained audit, the vault, retention."""
