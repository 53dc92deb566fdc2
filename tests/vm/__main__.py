"""`python -m tests.vm COMMAND...`: runs the command on the machine, as root in this checkout."""

import sys
import time

from appliance import errors
from services.image.tiny import progress
from tests.vm import kernel, machine


def main(argv: list[str]) -> int:
    """Run it; its output and its exit status are ours."""
    if reason := machine.missing():
        print(f"vm: {reason}", file=sys.stderr)
        return 1
    show = progress.Progress()
    try:
        with machine.Machine(kernel.prepare(show), argv) as vm:
            status, printed = None, 0
            while status is None:
                time.sleep(0.1)
                status = vm.poll()
                if not vm.is_up:
                    show.step(f"vm: booting, {vm.age_s:.0f} s")
                output = vm.output
                if output[printed:]:
                    show.clear()
                    print(output[printed:], end="", flush=True)
                    printed = len(output)
            return status
    except (errors.HostError, machine.Broken) as error:
        show.clear()
        print(f"vm: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
