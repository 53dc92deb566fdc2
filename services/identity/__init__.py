"""Keystone's part: users, projects, roles and tokens."""
