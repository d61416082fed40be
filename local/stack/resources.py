"""The resources of terraform/, created in the embedded AWS from the same templates."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import msgspec

from local.functions import STEPS
from local.stack.names import (
    DEAD_LETTERS,
    DEAD_LETTERS_ARN,
    DERIVED_BUCKET,
    EDIT_STATE_MACHINE,
    EVENT_SOURCE,
    PHOTOS_BUCKET,
    REGISTRY,
    ROLE,
    SHARES_BUCKET,
    STATE_MACHINE,
    STATE_MACHINE_ARN,
    TABLE,
)
from local.template import REPOSITORY, Values, render_file
from shared.keys import UPLOADS, Layout
from shared.settings import KEY_LAYOUT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.literals import KeyTypeType
    from mypy_boto3_dynamodb.type_defs import KeySchemaElementTypeDef

    from local.clients import Clients
    from thumbnail.renditions import RenditionSpec

TIMEOUT_SECONDS: Final = 30  # of each function
MEMORY_MB: Final[Mapping[str, int]] = json.loads(
    (REPOSITORY / "workflow" / "memory_mb.json").read_text()
)  # of each function, as in terraform/


def create(  # noqa: PLR0913  # two by name
    aws: "Clients",
    renditions: "Mapping[str, RenditionSpec]",
    image_tag: str,
    timeout_scale: float,
    *,
    keep_copyright: bool,
    layout: Layout,
) -> None:
    """Create functions, buckets, table, queue, state machines and rules."""
    own_settings = {"KEEP_COPYRIGHT": "true" if keep_copyright else "false"}
    if layout != UPLOADS:
        own_settings[KEY_LAYOUT] = msgspec.json.encode(layout).decode()
    functions = _create_functions(aws, renditions, image_tag, timeout_scale, own_settings)
    _create_buckets(aws, adopted=layout != UPLOADS)
    create_table(aws.dynamodb, TABLE)
    dead_letters_url = aws.sqs.create_queue(QueueName=DEAD_LETTERS)["QueueUrl"]
    values: Values = {
        "key_layout": {"prefix": layout.prefix, "owner": layout.owner or ""},
        "photos_bucket": PHOTOS_BUCKET,
        "derived_bucket": DERIVED_BUCKET,
        "table": TABLE,
        "dead_letters_url": dead_letters_url,
        "event_source": EVENT_SOURCE,
        "events": "true",
        "functions": functions,
    }
    aws.stepfunctions.create_state_machine(
        name=STATE_MACHINE,
        definition=_scaled(render_file("statemachine.json.tftpl", values), timeout_scale),
        roleArn=ROLE,
    )
    aws.stepfunctions.create_state_machine(
        name=EDIT_STATE_MACHINE,
        definition=_scaled(render_file("workflow/edit.json.tftpl", values), timeout_scale),
        roleArn=ROLE,
        type="EXPRESS",
    )
    _create_rules(aws, values)


def _scaled(definition: str, timeout_scale: float) -> str:
    """Return the definition with each TimeoutSeconds multiplied."""

    def scale(fields: dict[str, Any]) -> dict[str, Any]:
        if "TimeoutSeconds" in fields:
            fields["TimeoutSeconds"] = round(fields["TimeoutSeconds"] * timeout_scale)
        return fields

    return json.dumps(json.loads(definition, object_hook=scale))


def _create_functions(
    aws: "Clients",
    renditions: "Mapping[str, RenditionSpec]",
    image_tag: str,
    timeout_scale: float,
    own_settings: "Mapping[str, str]",
) -> dict[str, str]:
    """Create the function of each step, and return their ARNs."""
    role = aws.client("iam").create_role(
        RoleName=ROLE.rpartition("/")[2], AssumeRolePolicyDocument="{}"
    )
    settings = {  # the same for all three, so that they share processes
        "PHOTOS_BUCKET": PHOTOS_BUCKET,
        "DERIVED_BUCKET": DERIVED_BUCKET,
        "TABLE": TABLE,
        **own_settings,
        "RENDITIONS": msgspec.json.encode(renditions).decode(),
        "LABELER": "rekognition",
        "MAX_LABELS": "50",
        "MIN_CONFIDENCE": "55",
    }
    lambda_ = aws.client("lambda")

    def create_function(step: str) -> str:
        arn: str = lambda_.create_function(
            FunctionName=step,
            PackageType="Image",
            Code={"ImageUri": f"{REGISTRY}/gallery-{step}:{image_tag}"},
            Role=role["Role"]["Arn"],
            Environment={"Variables": settings},
            Timeout=round(TIMEOUT_SECONDS * timeout_scale),
            MemorySize=MEMORY_MB[step],
        )["FunctionArn"]
        return arn

    with ThreadPoolExecutor(len(STEPS)) as pool:  # containers start at the same time
        return dict(zip(STEPS, pool.map(create_function, STEPS), strict=True))


def _create_buckets(aws: "Clients", *, adopted: bool) -> None:
    for bucket in (PHOTOS_BUCKET, DERIVED_BUCKET, SHARES_BUCKET):
        aws.s3.create_bucket(Bucket=bucket)
    if adopted:
        return
    aws.s3.put_bucket_versioning(
        Bucket=PHOTOS_BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )
    aws.s3.put_bucket_notification_configuration(
        Bucket=PHOTOS_BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


def _create_rules(aws: "Clients", values: Values) -> None:
    rules = json.loads(render_file("workflow/upload_rules.json.tftpl", values))
    for name, rule in rules.items():
        aws.events.put_rule(Name=name, EventPattern=json.dumps(rule["pattern"]))
        aws.events.put_targets(
            Rule=name,
            Targets=[
                {
                    "Id": STATE_MACHINE,
                    "Arn": STATE_MACHINE_ARN,
                    "RoleArn": ROLE,
                    "InputTransformer": {
                        "InputPathsMap": rule["input_paths"],
                        "InputTemplate": rule["input_template"],
                    },
                    "DeadLetterConfig": {"Arn": DEAD_LETTERS_ARN},
                }
            ],
        )


def create_table(dynamodb: "DynamoDBClient", name: str) -> None:
    """Create the gallery's table, with the keys and indexes of workflow/table.json."""
    schema = json.loads((REPOSITORY / "workflow/table.json").read_text(encoding="utf-8"))
    indexes = schema["indexes"]
    used = {keys[kind] for keys in (schema, *indexes.values()) for kind in _KEY_KINDS}
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in sorted(used)
        ],
        KeySchema=_key_schema(schema),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": _key_schema(keys),
                "Projection": {
                    "ProjectionType": keys["projection"],
                    **(
                        {"NonKeyAttributes": keys["non_key_attributes"]}
                        if "non_key_attributes" in keys
                        else {}
                    ),
                },
            }
            for index, keys in indexes.items()
        ],
        BillingMode="PAY_PER_REQUEST",
    )


_KEY_KINDS: Final[Mapping[str, "KeyTypeType"]] = {"hash_key": "HASH", "range_key": "RANGE"}


def _key_schema(keys: Mapping[str, str]) -> "list[KeySchemaElementTypeDef]":
    return [{"AttributeName": keys[kind], "KeyType": type_} for kind, type_ in _KEY_KINDS.items()]
