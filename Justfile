# novabox: every habit of the project, one or two lines each. `just` alone is what to run before a commit.

py := ".venv/bin/python"

# format, lint, types, imports, fast tests
default: check

check:
    .venv/bin/ruff format --check . && .venv/bin/ruff check .
    .venv/bin/mypy && .venv/bin/lint-imports
    .venv/bin/pytest -q -n 2 --dist loadfile --ignore=tests/system -m "not host and not guest and not crash and not vm"

# the environment, from the locked requirements
setup:
    ./bootstrap setup

fmt:
    .venv/bin/ruff format . && .venv/bin/ruff check --fix .

test *args:
    .venv/bin/pytest {{args}}

# kill -9 at every commit of the launch path
crash:
    .venv/bin/pytest -m "crash and not vm"

# real bridges, libvirt and guests, in namespaces of their own (root)
system:
    .venv/bin/pytest -m "host or guest" tests

# LIO and device mapper, in a throw-away machine whose kernel has them (root)
vm *args:
    .venv/bin/pytest -m vm {{args}}

# the clients people own, against a real cloud (root)
accept:
    .venv/bin/pytest tests/system

# OpenStack's own test suite against a cloud of its own; writes docs/reference/conformance.md (root)
tempest *args:
    {{py}} -m tests.tempest {{args}}

# nearly right requests against an API process of its own: no failure, no hang, no growth
fuzz *args:
    {{py}} -m tests.fuzz {{args}}

# measures, and writes docs/reference/performance.md, with `tui` docs/reference/tui.md
bench *args:
    {{py}} -m tests.bench {{args}}

# random keys and a cloud that misbehaves, for ten minutes
monkey *args:
    {{py}} -m tests.tui.monkey {{args}}

up *args:
    .venv/bin/novabox up {{args}}

tui *args:
    .venv/bin/novabox tui {{args}}

trace *args:
    .venv/bin/novabox trace {{args}}

reset:
    .venv/bin/novabox reset

# rewrite golden files and generated references; read the diff
regenerate:
    {{py}} -m tests.regenerate

# the generated references (the rest of docs/ is written by hand)
docs: regenerate

# pictures of every screen, into docs/images
screenshots *args:
    {{py}} -m tests.tui.pictures {{args}}

# the first minute of a new user, filmed against a cloud of its own (root)
cast *args:
    {{py}} -m tests.pty.film {{args}}

# resolve the dependencies anew, with hashes
lock:
    .venv/bin/uv pip compile -q --upgrade --generate-hashes --no-header --no-annotate -o requirements.lock pyproject.toml
    .venv/bin/uv pip compile -q --upgrade --generate-hashes --no-header --no-annotate --group dev -o requirements-dev.lock pyproject.toml

# systemd units for this checkout (it should live in /opt/novabox)
install-units:
    install -m 644 systemd/novabox.target systemd/*.service /etc/systemd/system/
    install -m 644 systemd/novabox.sysusers /usr/lib/sysusers.d/novabox.conf
    systemd-sysusers && systemctl daemon-reload

ci:
    ./.ci/run
