locals {
  backfill_name    = "${var.name}-backfill"
  backfill_results = "${local.bucket_arns.logs}/backfill/*"

  backfill_definition = jsondecode(templatefile("${path.module}/../backfill.json.tftpl", {
    photos_bucket     = local.bucket_names.photos
    results_bucket    = local.bucket_names.logs
    state_machine_arn = local.state_machine_arn
  }))
}

data "aws_iam_policy_document" "backfill" {
  # Nothing but uploads, whatever prefix it is given.
  statement {
    sid       = "FindPhotos"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
    resources = [local.bucket_arns.photos]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["uploads/*"]
    }
  }

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

  # A rule of Step Functions' own, by which it hears that an execution has ended.
  statement {
    sid       = "HearOfPhotos"
    actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    resources = ["arn:${local.partition}:events:${local.region}:${local.account_id}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"]
  }

  # As AWS asks for a ResultWriter: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
  statement {
    sid = "KeepResults"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:GetObject",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]
    resources = [local.backfill_results]
  }
}

module "backfill" {
  source = "./modules/backfill"

  name               = local.backfill_name
  definition         = jsonencode(local.backfill_definition)
  log_retention_days = var.log_retention_days
  policy_json        = data.aws_iam_policy_document.backfill.json
}
