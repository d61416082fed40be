"""What moto lacks, or does otherwise than AWS, as far as this pipeline meets it.

One module for each service, and `core` for what all have in common; each function in it takes the
place of one in moto, and its first line says what AWS does. Importing this package puts them there.
moto's services are one to a process, and so is the `Wiring` that they work for.
"""

# batch comes before all that imports moto's Step Functions
from local.moto_patches import (
    awslambda,
    batch,
    cloudfront,
    cognitoidentity,
    core,
    distributedmap,
    dynamodb,
    eventbridge,
    s3,
    sqs,
    stepfunctions,
    syntax,
)
from local.moto_patches.wiring import Wiring, connected

__all__ = [
    "Wiring",
    "awslambda",
    "batch",
    "cloudfront",
    "cognitoidentity",
    "connected",
    "core",
    "distributedmap",
    "dynamodb",
    "eventbridge",
    "s3",
    "sqs",
    "stepfunctions",
    "syntax",
]
