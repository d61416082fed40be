locals {
  dead_letters_name = "${local.state_machine_name}-dead-letters"
  dead_letters_arn  = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:${local.dead_letters_name}"
  # In SQS's format, so that a plan shows the whole definition.
  dead_letters_url = "https://sqs.${local.region}.${local.dns_suffix}/${local.account_id}/${local.dead_letters_name}"

  definition = jsondecode(replace(templatefile("${path.module}/../../../statemachine.json.tftpl", {
    dead_letters_url = local.dead_letters_url
    derived_bucket   = local.bucket_names.derived
    events           = tostring(var.events)
    event_source     = var.name
    functions        = local.function_arns
    jsonata          = local.jsonata
    photos_bucket    = local.bucket_names.photos
    retry            = local.retry
    table            = local.table_name
    times            = local.times
  }), local.template_integrations, local.integrations))

  start_rules = jsondecode(templatefile("${local.workflow_path}/upload_rules.json.tftpl", {
    key_layout    = local.key_layout_names
    photos_bucket = local.bucket_names.photos
  }))
  # AWS does not say whether EventBridge takes an empty prefix: then the pattern names only the bucket.
  start_patterns = {
    for key, rule in local.start_rules : key => merge(
      rule.pattern,
      local.key_layout.prefix == "" ? { detail = { bucket = rule.pattern.detail.bucket } } : {},
    )
  }

  failure_rule = jsondecode(templatefile("${local.workflow_path}/failure_rule.json.tftpl", {
    state_machine_arn = local.state_machine_arn
  }))
}

# DynamoDB uses the key with its caller's permissions. S3's delete and list requests use no key.
data "aws_iam_policy_document" "decrypt_table" {
  dynamic "statement" {
    for_each = var.kms_key_arn[*]

    content {
      sid       = "DecryptTable"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["dynamodb.${local.region}.${local.dns_suffix}"]
      }
    }
  }
}

data "aws_iam_policy_document" "workflow" {
  source_policy_documents = [
    data.aws_iam_policy_document.decrypt_table.json,
    data.aws_iam_policy_document.announce.json,
  ]

  statement {
    sid       = "InvokeSteps"
    actions   = ["lambda:InvokeFunction"]
    resources = values(local.function_arns)
  }

  # Claim updates, ReadRow gets, Publish puts and deletes. A transaction requires the permissions of
  # its operations and no other.
  statement {
    sid = "WriteRecords"
    actions = [
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
    ]
    resources = [local.table_arn]
  }

  statement {
    sid       = "EraseRenditions"
    actions   = ["s3:DeleteObject"]
    resources = ["${local.bucket_arns.derived}/*"]
  }

  # FindCurrentVersion: an older version can be current again after a deletion.
  statement {
    sid       = "FindCurrentVersion"
    actions   = ["s3:ListBucketVersions"]
    resources = [local.bucket_arns.photos]
  }

  statement {
    sid       = "SendDeadLetters"
    actions   = ["sqs:SendMessage"]
    resources = [local.dead_letters_arn]
  }

  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
  dynamic "statement" {
    for_each = var.queue_kms_key_arn[*]

    content {
      sid       = "EncryptDeadLetters"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["sqs.${local.region}.${local.dns_suffix}"]
      }
    }
  }
}

module "workflow" {
  source = "../workflow"

  deployment         = local.deployment
  name               = local.state_machine_name
  definition         = jsonencode(local.definition)
  log_retention_days = var.log_retention_days
  policy_json        = data.aws_iam_policy_document.workflow.json
  queue_kms_key_arn  = var.queue_kms_key_arn

  start_rules = {
    for key, rule in local.start_rules : key => {
      pattern        = jsonencode(local.start_patterns[key])
      input_paths    = rule.input_paths
      input_template = rule.input_template
    }
  }

  failure_rule = {
    pattern        = jsonencode(local.failure_rule.pattern)
    input_paths    = local.failure_rule.input_paths
    input_template = local.failure_rule.input_template
  }
}
