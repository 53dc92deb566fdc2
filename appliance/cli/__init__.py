"""The commands: up, down, status, doctor, demo, env, trace, queue, service, logs; reset; tui."""
