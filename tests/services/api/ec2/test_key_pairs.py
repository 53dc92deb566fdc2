"""Key pairs by boto3."""

import base64
import hashlib
import subprocess

import botocore.exceptions
import pytest
from cryptography.hazmat.primitives import serialization

from tests.services.api.ec2 import clients


def _refused(code, ask, **values):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        ask(**values)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def test_a_key_is_made_described_and_forgotten(cloud):
    ec2 = clients.boto3_client(cloud)

    made = ec2.create_key_pair(KeyName="test")

    private = serialization.load_pem_private_key(made["KeyMaterial"].encode(), password=None)
    public = private.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    (shown,) = ec2.describe_key_pairs(KeyNames=["test"], IncludePublicKey=True)["KeyPairs"]
    assert (shown["KeyFingerprint"], shown["KeyPairId"], shown["KeyType"]) == (
        made["KeyFingerprint"], made["KeyPairId"], "rsa",
    )  # fmt: skip
    assert shown["PublicKey"].split()[1] == public.decode().split()[1]
    assert ec2.describe_key_pairs(KeyPairIds=[made["KeyPairId"]])["KeyPairs"] != []
    ec2.delete_key_pair(KeyName="test")
    ec2.delete_key_pair(KeyName="test")
    assert ec2.describe_key_pairs()["KeyPairs"] == []


def test_a_key_is_imported_as_ssh_keygen_writes_it(cloud, tmp_path):
    file = tmp_path / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ann", "-f", file], check=True
    )
    public = file.with_suffix(".pub").read_text()
    ec2 = clients.boto3_client(cloud)

    made = ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=public)

    digest = hashlib.md5(base64.b64decode(public.split()[1])).hexdigest()
    assert made["KeyFingerprint"].replace(":", "") == digest
    (shown,) = ec2.describe_key_pairs(
        Filters=[{"Name": "key-name", "Values": ["m*"]}], IncludePublicKey=True
    )["KeyPairs"]
    assert (shown["KeyType"], shown["PublicKey"]) == ("ed25519", public.strip())
    ec2.delete_key_pair(KeyPairId=made["KeyPairId"])
    assert ec2.describe_key_pairs()["KeyPairs"] == []


def test_key_pairs_are_their_users(cloud):
    clients.boto3_client(cloud).create_key_pair(KeyName="test")

    assert clients.boto3_client(cloud, "admin").describe_key_pairs()["KeyPairs"] == []


def test_what_cannot_be_is_refused(cloud):
    ec2 = clients.boto3_client(cloud)
    ec2.create_key_pair(KeyName="test")

    _refused("InvalidKeyPair.Duplicate", ec2.create_key_pair, KeyName="test")
    _refused("InvalidKeyPair.NotFound", ec2.describe_key_pairs, KeyNames=["test", "none"])
    _refused("InvalidParameterValue", ec2.create_key_pair, KeyName="a/b")
    _refused("InvalidParameterValue", ec2.create_key_pair, KeyName="k", KeyType="ed25519")
    _refused("InvalidKey.Format", ec2.import_key_pair, KeyName="k", PublicKeyMaterial=b"fish")
    _refused("InvalidKey.Format", ec2.import_key_pair, KeyName="k", PublicKeyMaterial=b"\xff")
    why = _refused("InvalidKey.Format", ec2.import_key_pair, KeyName="a/b", PublicKeyMaterial=b"x")
    assert "Keypair name contains unsafe characters" in why
    _refused("MissingParameter", ec2.delete_key_pair)
    _refused("InvalidParameterValue", ec2.describe_key_pairs,
             Filters=[{"Name": "colour", "Values": ["red"]}])  # fmt: skip
    tags = [{"ResourceType": "key-pair", "Tags": [{"Key": "a", "Value": "b"}]}]
    _refused("UnsupportedOperation", ec2.create_key_pair, KeyName="k", TagSpecifications=tags)
