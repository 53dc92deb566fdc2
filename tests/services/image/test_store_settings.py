"""A wrong setting about stores is told with its key, and what to write where."""

import dataclasses
import logging
from typing import Any

import pytest

from appliance import config, errors
from services.image import store_settings

S3 = {"endpoint": "https://s3.example", "access_key": "key", "secret_key_file": "s3-secret"}
REMOTE = {
    "auth_url": "https://cloud.example:5000/v3",
    "user": "glance",
    "project": "service",
    "password_file": "password",
}


def _settings(settings: config.Settings, **image: Any) -> config.Settings:
    for name, text in (("s3-secret", "s3cr3t\n"), ("password", "pa55")):
        (settings.home / name).write_text(text)
        (settings.home / name).chmod(0o600)
    return config.parse({"image": image}, home=settings.home)


def test_what_is_configured_is_checked_and_its_secrets_are_read(settings: config.Settings):
    whole = _settings(
        settings, s3=S3, remote_swift=REMOTE, store="s3", stores=["remote-swift", "s3", "file"]
    )

    store_settings.check(whole)

    assert store_settings.s3_secret_key(whole) == "s3cr3t"
    assert store_settings.remote_password(whole) == "pa55"


def test_the_defaults_are_right(settings: config.Settings):
    store_settings.check(config.Settings(home=settings.home))


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ({"store": "s-3"}, r"image\.store names the unknown store 's-3'. Did you mean s3\?"),
        ({"stores": ["swfit"]}, r"image\.stores names .*'swfit'. Did you mean swift\?"),
        ({"stores": ["tape"]}, "Known: swift, file, remote-swift, s3"),
        ({"store": "http"}, "image.store names http, which is only read"),
        ({"store": "s3"}, r"image\.s3\.endpoint is empty\. Write it into .*/novabox\.toml, as in"),
        (
            {"stores": ["swift", "remote-swift"]},
            r"image\.remote_swift\.auth_url is empty.* or take remote-swift out of image\.stores",
        ),
        ({"s3": S3 | {"endpoint": "s3.example"}}, "image.s3.endpoint is no URL"),
        ({"s3": S3 | {"endpoint": "ftp://s3.example"}}, "image.s3.endpoint is no URL"),
        ({"s3": S3 | {"endpoint": "https://key@s3.example"}}, "image.s3.endpoint is no URL"),
        ({"s3": S3 | {"access_key": ""}}, "image.s3.access_key is empty"),
        ({"s3": S3 | {"bucket": ""}}, "image.s3.bucket is empty"),
        ({"s3": S3 | {"secret_key_file": ""}}, r"secret_key_file is empty\. Write the secret key"),
        ({"s3": S3 | {"secret_key_file": "no"}}, "names .*/no, which cannot be read"),
        ({"s3": S3 | {"secret_key_file": "etc"}}, "names .*/etc, which cannot be read"),
        ({"s3": S3 | {"secret_key_file": "empty"}}, "has not just the secret key in it"),
        ({"s3": S3 | {"secret_key_file": "words"}}, "has not just the secret key in it"),
        ({"remote_swift": REMOTE | {"auth_url": "https://"}}, "auth_url is no URL"),
        ({"remote_swift": REMOTE | {"user": ""}}, "image.remote_swift.user is empty"),
        ({"remote_swift": REMOTE | {"project": ""}}, "image.remote_swift.project is empty"),
        ({"remote_swift": REMOTE | {"password_file": "no"}}, "Write the password alone into it"),
        ({"segment_bytes": 0}, "image.segment_bytes is 0"),
        ({"segment_bytes": 6 << 30}, "at most 5368709120 bytes"),
        ({"segment_bytes": 1 << 30}, r"would be 1024 segments.* Set .* to 1099511628 or more"),
    ],
)
def test_a_wrong_setting_is_told(settings: config.Settings, image: dict[str, Any], said: str):
    whole = _settings(settings, **image)
    (settings.home / "etc").mkdir()
    (settings.home / "empty").write_text("\n")
    (settings.home / "words").write_text("key = s3cr3t")

    with pytest.raises(errors.ConfigError, match=said) as raised:
        store_settings.check(whole)
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize(("mode", "is_warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_secret_that_others_may_read_is_warned_of(
    settings: config.Settings, caplog: pytest.LogCaptureFixture, mode: int, is_warned: bool
):
    whole = _settings(settings, s3=S3)
    (settings.home / "s3-secret").chmod(mode)

    with caplog.at_level(logging.WARNING):
        store_settings.check(whole)

    assert ("others may read" in caplog.text) is is_warned


def test_settings_that_are_printed_name_no_secret(settings: config.Settings):
    whole = _settings(settings, s3=S3, remote_swift=REMOTE)

    assert "s3cr3t" not in repr(dataclasses.asdict(whole))
