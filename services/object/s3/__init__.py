"""The object store's other face: Amazon S3's API over the same accounts, containers and objects.

A bucket is a container of the project's account, a key an object's name (Swift's s3api does it so).
"""
