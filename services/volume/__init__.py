"""Volumes: what the pool keeps and the exports show, made to agree with the volume rows."""
