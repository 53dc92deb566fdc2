"""The guest's console inside the interface: a terminal in a terminal. Opens no connection."""
