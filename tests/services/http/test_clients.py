"""What programs say of themselves, as they were seen to say it."""

import pytest

from services.http import clients


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("openstacksdk/4.22.0 keystoneauth1/5.18.1 python-requests/2.34.2", "openstack"),
        ("python-openstackclient/7.1 openstacksdk/4.22.0", "openstack"),
        ("python-swiftclient-4.11.0", "swift"),
        ("aws-cli/1.46.3 md/Botocore#1.43.62 ua/2.1", "aws-cli"),
        ("Boto3/1.44.5 md/Botocore#1.44.5", "boto3"),
        ("euca2ools/3.4.1 (cpython 3.9)", "euca2ools"),
        ("python-requests/2.34.2", "requests"),
        ("curl/7.88.1", "curl"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "mozilla"),
        ("tui (novabox)", "tui"),
        ("novabox", "novabox"),
        ("", ""),
        ("\x1b[31mred", ""),
        ("client", "client"),
        ("a" * 1000, "a" * clients.NAME_CHARS_MAX),
    ],
)
def test_a_client_has_the_name_that_it_gives_itself(agent: str, name: str) -> None:
    assert clients.name(agent) == name
