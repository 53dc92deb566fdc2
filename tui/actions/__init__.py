"""Every action of the interface, one module a noun; ``tui.registry`` has them all in order.

An action either makes an API call for each chosen object (``call``, shown as ``cli`` too) or
does something on the screen (``does``, a Textual action). It draws nothing and sends nothing.
"""
