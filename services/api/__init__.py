"""The public APIs: one package an API, with routes, wire structs and translation; no logic."""
