"""The interface in a real terminal: a pty, a cloud on a loopback port, what is on the screen."""
