"""`python -m appliance.cli` is `novabox`."""

import sys

from appliance.cli import main

sys.exit(main.main())
