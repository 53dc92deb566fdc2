"""Key pairs by boto3."""

from tests.services.api.ec2 import clients


def test_a_key_is_made_described_and_forgotten(cloud):
    ec2 = clients.boto3_client(cloud)

    made = ec2.create_key_pair(KeyName="test")

    assert made["KeyMaterial"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    (shown,) = ec2.describe_key_pairs(KeyNames=["test"])["KeyPairs"]
    assert (shown["KeyFingerprint"], shown["KeyPairId"]) == (
        made["KeyFingerprint"], made["KeyPairId"],
    )  # fmt: skip
    assert ec2.delete_key_pair(KeyName="test")["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert ec2.describe_key_pairs()["KeyPairs"] == []
