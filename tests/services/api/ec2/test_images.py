"""Images by boto3: described, registered, shared with everybody, deregistered."""

import pytest
from botocore.exceptions import ClientError

from appliance.db import images
from appliance.model.image import ImageStatus, Visibility
from tests.services.api.ec2 import clients


@pytest.fixture
def ec2(cloud):
    return clients.boto3_client(cloud)


def own(cloud, **columns) -> str:
    return str(
        cloud.add_image(
            **{"project_id": cloud.project_id(), "visibility": Visibility.PRIVATE} | columns
        )
    )


def code_of(call, **asked) -> str:
    with pytest.raises(ClientError) as raised:
        call(**asked)
    return str(raised.value.response["Error"]["Code"])


def names_of(ec2, **asked) -> set[str]:
    return {one["Name"] for one in ec2.describe_images(**asked)["Images"]}


def test_an_image_tells_its_kind_by_its_id(ec2, cloud):
    kernel = own(cloud, name="kernel", container_format="aki", disk_format="aki")
    ramdisk = own(cloud, name="ramdisk", container_format="ari", disk_format="ari")
    own(
        cloud, name="ami-tiny", container_format="ami", disk_format="ami",
        properties={"kernel_id": kernel, "ramdisk_id": ramdisk, "description": "small"},
    )  # fmt: skip

    by_name = {one["Name"]: one for one in ec2.describe_images()["Images"]}

    machine = by_name["ami-tiny"]
    kinds = {name: (one["ImageId"][:4], one["ImageType"]) for name, one in by_name.items()}
    assert kinds == {
        "kernel": ("aki-", "kernel"), "ramdisk": ("ari-", "ramdisk"),
        "ami-tiny": ("ami-", "machine"),
    }  # fmt: skip
    assert machine["KernelId"] == by_name["kernel"]["ImageId"]
    assert machine["RamdiskId"] == by_name["ramdisk"]["ImageId"]
    assert (machine["State"], machine["Public"], machine["Description"]) == (
        "available", False, "small",
    )  # fmt: skip
    assert (machine["Architecture"], machine["OwnerId"]) == ("x86_64", cloud.project_id())


def test_owners_and_users_narrow_the_list(ec2, cloud):
    own(cloud, name="mine")
    cloud.add_image(name="everybodys")
    own(cloud, name="theirs", project_id=cloud.project_id("admin"))

    assert names_of(ec2) == {"mine", "everybodys"}
    assert names_of(ec2, Owners=["self"]) == {"mine"}
    assert names_of(ec2, Owners=[cloud.project_id("admin")]) == {"everybodys"}
    assert names_of(ec2, Owners=["amazon"]) == set()
    assert names_of(ec2, ExecutableUsers=["self"]) == {"mine", "everybodys"}
    assert names_of(ec2, ExecutableUsers=["all"]) == {"everybodys"}


def test_an_image_is_found_by_id_name_and_filter(ec2, cloud):
    own(cloud, name="ami-tiny")
    own(cloud, name="other")
    (image,) = ec2.describe_images(ImageIds=["ami-tiny"])["Images"]

    assert names_of(ec2, ImageIds=[image["ImageId"]]) == {"ami-tiny"}
    assert names_of(ec2, Filters=[{"Name": "name", "Values": ["ami-*"]}]) == {"ami-tiny"}
    assert names_of(ec2, Filters=[{"Name": "is-public", "Values": ["true"]}]) == set()
    assert code_of(ec2.describe_images, ImageIds=["ami-0000ffff"]) == "InvalidAMIID.NotFound"
    assert code_of(ec2.describe_images, ImageIds=["ami-huge"]) == "InvalidAMIID.Malformed"


def test_states_are_what_waiters_know(ec2, cloud):
    own(cloud, name="new", status=ImageStatus.IMPORTING)
    own(cloud, name="bad", status=ImageStatus.QUEUED, reason="the digest is another")

    by_name = {one["Name"]: one for one in ec2.describe_images()["Images"]}

    assert (by_name["new"]["State"], by_name["bad"]["State"]) == ("pending", "failed")
    assert by_name["bad"]["StateReason"]["Message"] == "the digest is another"


def test_a_deregistered_image_is_gone(ec2, cloud):
    own(cloud, name="ami-tiny")
    (image,) = ec2.describe_images()["Images"]

    assert ec2.deregister_image(ImageId=image["ImageId"])["ResponseMetadata"]
    assert names_of(ec2) == set()
    assert code_of(ec2.deregister_image, ImageId=image["ImageId"]) == "InvalidAMIID.NotFound"


def test_attributes_are_shown_one_by_one(ec2, cloud):
    kernel = own(cloud, name="kernel", container_format="aki", disk_format="aki")
    own(cloud, name="ami-tiny", properties={"kernel_id": kernel, "description": "small"})

    def shown(attribute: str):
        return ec2.describe_image_attribute(ImageId="ami-tiny", Attribute=attribute)

    assert shown("description")["Description"] == {"Value": "small"}
    assert shown("kernel")["KernelId"]["Value"].startswith("aki-")
    assert shown("ramdisk").get("RamdiskId", {}) == {}
    assert shown("launchPermission")["LaunchPermissions"] == []
    assert shown("blockDeviceMapping")["BlockDeviceMappings"] == []
    assert code_of(shown, attribute="bootMode") == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("give", "take"),
    [
        (
            {"LaunchPermission": {"Add": [{"Group": "all"}]}},
            {"LaunchPermission": {"Remove": [{"Group": "all"}]}},
        ),
        (
            {"Attribute": "launchPermission", "OperationType": "add", "UserGroups": ["all"]},
            {"Attribute": "launchPermission", "OperationType": "remove", "UserGroups": ["all"]},
        ),
    ],
)
def test_an_admin_lets_everybody_run_an_image(cloud, give, take):
    key = own(cloud, name="ami-tiny", project_id=cloud.project_id("admin"))
    ec2 = clients.boto3_client(cloud, "admin")

    ec2.modify_image_attribute(ImageId="ami-tiny", **give)
    shown = ec2.describe_image_attribute(ImageId="ami-tiny", Attribute="launchPermission")
    assert shown["LaunchPermissions"] == [{"Group": "all"}]
    assert images.get(cloud.db, key).visibility is Visibility.PUBLIC
    ec2.modify_image_attribute(ImageId="ami-tiny", **take)
    assert images.get(cloud.db, key).visibility is Visibility.PRIVATE
    ec2.modify_image_attribute(ImageId="ami-tiny", **give)
    ec2.reset_image_attribute(ImageId="ami-tiny", Attribute="launchPermission")
    assert images.get(cloud.db, key).visibility is Visibility.PRIVATE


def test_only_an_admin_lets_everybody_run_one(ec2, cloud):
    own(cloud, name="ami-tiny")

    code = code_of(
        ec2.modify_image_attribute,
        ImageId="ami-tiny", LaunchPermission={"Add": [{"Group": "all"}]},
    )  # fmt: skip

    assert code == "UnauthorizedOperation"


@pytest.mark.parametrize(
    "asked",
    [
        {"Description": {"Value": "better"}},
        {"Attribute": "description", "Value": "better"},
    ],
)
def test_a_description_is_changed_in_either_spelling(ec2, cloud, asked):
    key = own(cloud, name="ami-tiny", properties={"role": "web"})

    ec2.modify_image_attribute(ImageId="ami-tiny", **asked)

    assert images.get(cloud.db, key).properties == {"role": "web", "description": "better"}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "MissingParameter"),
        ({"Attribute": "launchPermission", "UserGroups": ["all"]}, "MissingParameter"),
        (
            {"LaunchPermission": {"Add": [{"UserId": "123456789012"}]}},
            "UnsupportedOperation",
        ),
        ({"ProductCodes": ["a"]}, "UnsupportedOperation"),
    ],
)
def test_what_cannot_be_changed_is_refused(ec2, cloud, asked, code):
    own(cloud, name="ami-tiny")

    assert code_of(ec2.modify_image_attribute, ImageId="ami-tiny", **asked) == code


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "MissingParameter"),
        ({"ImageLocation": "nowhere"}, "InvalidParameterValue"),
        ({"ImageLocation": "c/d.img", "VirtualizationType": "pv"}, "InvalidParameterValue"),
        ({"ImageLocation": "c/d.img", "KernelId": "aki-0000ffff"}, "InvalidAMIID.NotFound"),
        ({"ImageLocation": "c/d.img", "BootMode": "uefi"}, "UnsupportedOperation"),
    ],
)  # fmt: skip
def test_what_cannot_be_registered_is_refused(ec2, asked, code):
    assert code_of(ec2.register_image, Name="new", **asked) == code
