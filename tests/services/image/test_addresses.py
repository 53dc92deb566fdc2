"""No way to write a private address passes for a public one."""

import ipaddress

import pytest

from services.image import addresses


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "198.18.0.1", "192.0.2.1",
        "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1",
        "ff0e::1", "2001:db8::1", "2001::7f00:1", "::127.0.0.1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1",
        "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2002:a9fe:a9fe::1",
        "2002:c0a8:101::", "100::1", "4000::1",
    ],
)  # fmt: skip
def test_what_leads_back_to_us_is_not_public(text):
    assert not addresses.is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text",
    ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"],
)
def test_the_internet_is_public_however_it_is_written(text):
    assert addresses.is_public(ipaddress.ip_address(text))
