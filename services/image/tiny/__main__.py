"""`python -m services.image.tiny`: builds ami-tiny, or says that it is up to date."""

import argparse
import json
import sys
from pathlib import Path

from appliance import config, errors
from services.image.tiny import build, kernel, progress


def main(argv: list[str] | None = None) -> int:
    """Run the command. Exit status 1 with one sentence on stderr when the host cannot build it."""
    arguments = _parser().parse_args(argv)
    cache = arguments.cache or config.home() / "cache" / "kernels"
    show = progress.Progress()
    try:
        debs = arguments.kernel_deb or kernel.packages(cache, show)
        built = build.build(arguments.out, debs=debs, show=show)
    except (errors.HostError, OSError) as error:
        show.clear()
        print(f"ami-tiny: {error}", file=sys.stderr)
        return 1
    show.clear()
    if arguments.as_json:
        document = {
            "up_to_date": built.is_unchanged,
            "folder": str(arguments.out),
            **built.manifest.document(),
        }
        print(json.dumps(document, indent=2))
    else:
        _print(built, arguments.out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="novabox image build-tiny",
        description="Build ami-tiny, a Linux of under 20 MB: as kernel, ramdisk and disk (aki, ari,"
        " ami), and as one bootable qcow2.",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where to put the files"
    )
    parser.add_argument(
        "--json", dest="as_json", action="store_true", help="print the manifest as JSON"
    )
    parser.add_argument(
        "--kernel-deb", type=Path, action="append", metavar="FILE",
        help="the kernel's package, instead of a download; again for its modules' package",
    )  # fmt: skip
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="kept downloads (default: NOVABOX_HOME/cache/kernels)",
    )
    return parser


def _print(built: build.Built, out: Path) -> None:
    manifest = built.manifest
    verb = "is up to date" if built.is_unchanged else "built"
    print(f"ami-tiny {verb}: kernel {manifest.kernel_release}, in {out}")
    for name, file in manifest.files.items():
        print(f"  {name:18}{file.size_bytes / 1e6:6.1f} MB  {file.disk_format}")
    if manifest.missing_modules:
        print(f"  this kernel has no {', '.join(manifest.missing_modules)}")


if __name__ == "__main__":
    sys.exit(main())
