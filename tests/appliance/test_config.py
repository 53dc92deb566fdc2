from pathlib import Path

import pytest

from appliance import config, errors


def test_an_empty_home_gives_the_defaults(home: Path) -> None:
    settings = config.load(home)

    assert settings.home == home
    assert settings.api.port == 8774


def test_the_file_overrides_and_the_rest_stays(home: Path) -> None:
    (home / "novabox.toml").write_text('host = "a"\n[api]\nport = 1\n[queue]\npoll_s = 2\n')

    settings = config.load(home)

    assert (settings.host, settings.api.port, settings.queue.poll_s) == ("a", 1, 2.0)
    assert settings.object.port == 8080


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[api]\nprot = 1", "api.port"),
        ("[compuet]\n", "compute"),
        ("[api]\nport = 'x'", "api.port is a int"),
        ("[network]\ndns_servers = [1]", "list of texts"),
        ("api = 3", "api is a table"),
        ("[api", "not TOML"),
        ('home = "/"', "NOVABOX_HOME"),
    ],
)
def test_a_wrong_setting_is_an_error_that_says_what_to_do(home: Path, text: str, word: str) -> None:
    (home / "novabox.toml").write_text(text)

    with pytest.raises(errors.ConfigError, match=word):
        config.load(home)


def test_every_key_has_a_sentence() -> None:
    for name, section in config.sections():
        for field in config.keys(section):
            assert field.metadata["help"].endswith("."), f"{name}.{field.name}"
