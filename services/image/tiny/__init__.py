"""ami-tiny: a real Linux of under 20 MB, put together from the distribution's own packages.

Kernel of the cloud flavour, static busybox, dropbear. Needs no root, no loop device, no mount;
knows nothing of Glance: what it builds is uploaded by whoever asked for it.
"""
