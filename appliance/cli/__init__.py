"""The command line: up, down, status, doctor, demo, env, trace, reset, tui."""
