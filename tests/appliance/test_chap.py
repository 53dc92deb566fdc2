from appliance import chap, config


def test_a_password_is_the_attachments_own_and_always_the_same(settings: config.Settings) -> None:
    first = chap.password(settings, "a")

    assert first == chap.password(settings, "a")
    assert first != chap.password(settings, "b")
    assert len(first) == 16
    assert first.isalnum()


def test_the_key_is_roots_alone(settings: config.Settings) -> None:
    chap.password(settings, "a")

    assert [(path.name, path.stat().st_mode & 0o777) for path in settings.etc_dir.iterdir()] == [
        ("volume-key", 0o600)
    ]
