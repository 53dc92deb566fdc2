"""The network worker: bridges, taps, fixed IPs, DHCP, rules and metadata of one host."""
