"""What people do and ask: each action and each question in one place, under every face.

A service is handed the open database, asks whether the account may, loads, lets the rules judge, writes and notes it in
the audit, in one transaction. Values come back, never text.
"""
