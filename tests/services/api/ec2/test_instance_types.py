"""Types of instances by boto3: the flavors."""

import pytest
from botocore.exceptions import ClientError

from tests.services.api.ec2 import clients


def test_flavors_are_types(cloud):
    ec2 = clients.boto3_client(cloud)

    by_name = {one["InstanceType"]: one for one in ec2.describe_instance_types()["InstanceTypes"]}

    tiny = by_name["m1.tiny"]
    assert (tiny["VCpuInfo"]["DefaultVCpus"], tiny["MemoryInfo"]["SizeInMiB"]) == (1, 512)
    assert tiny["InstanceStorageInfo"]["TotalSizeInGB"] == 1
    named = ec2.describe_instance_types(InstanceTypes=["m1.tiny"])["InstanceTypes"]
    assert [one["InstanceType"] for one in named] == ["m1.tiny"]
    large = ec2.describe_instance_types(
        Filters=[{"Name": "memory-info.size-in-mib", "Values": ["8192", "16384"]}]
    )["InstanceTypes"]
    assert {one["InstanceType"] for one in large} == {"m1.large", "m1.xlarge"}


def test_an_unknown_type_is_refused(cloud):
    with pytest.raises(ClientError) as raised:
        clients.boto3_client(cloud).describe_instance_types(InstanceTypes=["m9.huge"])

    assert raised.value.response["Error"]["Code"] == "InvalidInstanceType"
