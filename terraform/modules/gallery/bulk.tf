# State machines that process many photos, each with an execution of the gallery's own state machine.
# The backfill lists the bucket. The reprocessing reads a list that `python -m gallery` has written.
locals {
  bulk_names   = { for key in ["backfill", "reprocess"] : key => "${var.name}-${key}" }
  bulk_results = { for key in keys(local.bulk_names) : key => "${local.bucket_arns.logs}/${key}/*" }

  bulk_definitions = {
    for key in keys(local.bulk_names) :
    key => jsondecode(replace(templatefile("${local.workflow_path}/${key}.json.tftpl", {
      jsonata           = local.jsonata
      photos_bucket     = local.bucket_names.photos
      results_bucket    = local.bucket_names.logs
      retry             = local.retry
      state_machine_arn = local.state_machine_arn
      times             = local.times
    }), local.template_integrations, local.integrations))
  }
}

data "aws_iam_policy_document" "bulk" {
  for_each = local.bulk_names

  statement {
    sid       = "ProcessPhotos"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  statement {
    sid       = "WaitForPhotos"
    actions   = ["states:DescribeExecution", "states:StopExecution"]
    resources = [local.executions_arn]
  }

  # Step Functions' managed rule, which notifies it when an execution ends.
  statement {
    sid       = "ManageCompletionRule"
    actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    resources = ["arn:${local.partition}:events:${local.region}:${local.account_id}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"]
  }

  # Required for a ResultWriter: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
  # The list of a reprocessing is in the same place.
  statement {
    sid = "WriteResults"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:GetObject",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]
    resources = [local.bulk_results[each.key]]
  }
}

data "aws_iam_policy_document" "backfill" {
  source_policy_documents = [data.aws_iam_policy_document.bulk["backfill"].json]

  # Photos only, whatever prefix the backfill is started with.
  statement {
    sid       = "ListUploads"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
    resources = [local.bucket_arns.photos]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${local.key_layout.prefix}*"]
    }
  }
}

module "backfill" {
  source = "../bulk"

  deployment         = local.deployment
  name               = local.bulk_names.backfill
  definition         = jsonencode(local.bulk_definitions.backfill)
  log_retention_days = var.log_retention_days
  policy_json        = data.aws_iam_policy_document.backfill.json
}

module "reprocess" {
  source = "../bulk"

  deployment         = local.deployment
  name               = local.bulk_names.reprocess
  definition         = jsonencode(local.bulk_definitions.reprocess)
  log_retention_days = var.log_retention_days
  policy_json        = data.aws_iam_policy_document.bulk["reprocess"].json
}
