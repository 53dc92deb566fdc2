"""What a request may ask of volumes: policy, then quota, then rows, then a message.

Every face calls these verbs; each is done when its rows are committed, and what then happens in the
pool is for the worker. Imports no pool and no export.
"""
