"""novabox's own API under /novabox/v1: the event stream, traces, processes, topics, hosts, cost."""
