"""The nouns: frozen dataclasses without I/O, and the tables of their legal states."""
