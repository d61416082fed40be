locals {
  age_metric    = "OldestProcessingAge" # the name in workflow/watch.json.tftpl
  watch_minutes = 15

  watch_name     = "${var.name}-watch"
  watch_arn      = "arn:${local.partition}:states:${local.place}:stateMachine:${local.watch_name}"
  watch_rule_arn = "arn:${local.partition}:events:${local.place}:rule/${local.watch_name}"
}

data "aws_iam_policy_document" "assume_watch" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.watch_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

# Role names are unique in the account, so that they contain the region.
resource "aws_iam_role" "watch" {
  name                 = "${local.watch_name}-${local.region}"
  description          = "Role of the state machine ${local.watch_name}."
  assume_role_policy   = data.aws_iam_policy_document.assume_watch.json
  path                 = var.deployment.role_path
  permissions_boundary = var.deployment.permissions_boundary_arn
  tags                 = var.deployment.tags
}

data "aws_iam_policy_document" "watch" {
  source_policy_documents = [var.watch_policy_json]

  statement {
    sid = "DeliverLogs"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    resources = ["*"] # log delivery does not support resource-level permissions
  }

  statement {
    sid = "WriteTraces"
    actions = [
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    resources = ["*"] # X-Ray does not support resource-level permissions
  }
}

resource "aws_iam_role_policy" "watch" {
  name   = "access"
  role   = aws_iam_role.watch.id
  policy = data.aws_iam_policy_document.watch.json
}

resource "aws_cloudwatch_log_group" "watch" {
  name              = "/aws/vendedlogs/states/${local.watch_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.deployment.log_kms_key_arn
  tags              = var.deployment.tags
}

# An Express workflow has no execution history, only a log. Execution data is not logged, because it
# contains the keys of photos.
resource "aws_sfn_state_machine" "watch" {
  name       = local.watch_name
  definition = var.watch_definition
  role_arn   = aws_iam_role.watch.arn
  type       = "EXPRESS"
  tags       = var.deployment.tags

  logging_configuration {
    include_execution_data = false
    level                  = "ERROR"
    log_destination        = "${aws_cloudwatch_log_group.watch.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions checks the role's permissions for log delivery when it creates the state machine.
  depends_on = [aws_iam_role_policy.watch]
}

data "aws_iam_policy_document" "assume_watch_schedule" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.watch_rule_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

resource "aws_iam_role" "watch_schedule" {
  name                 = "${local.watch_name}-schedule-${local.region}"
  description          = "Role of the rule ${local.watch_name}."
  assume_role_policy   = data.aws_iam_policy_document.assume_watch_schedule.json
  path                 = var.deployment.role_path
  permissions_boundary = var.deployment.permissions_boundary_arn
  tags                 = var.deployment.tags
}

data "aws_iam_policy_document" "watch_schedule" {
  statement {
    sid       = "StartExecution"
    actions   = ["states:StartExecution"]
    resources = [local.watch_arn]
  }
}

resource "aws_iam_role_policy" "watch_schedule" {
  name   = "access"
  role   = aws_iam_role.watch_schedule.id
  policy = data.aws_iam_policy_document.watch_schedule.json
}

resource "aws_cloudwatch_event_rule" "watch" {
  name                = local.watch_name
  description         = "Starts the watch for photos that stay PROCESSING."
  schedule_expression = "rate(${local.watch_minutes} minutes)"
  tags                = var.deployment.tags
}

resource "aws_cloudwatch_event_target" "watch" {
  rule      = aws_cloudwatch_event_rule.watch.name
  target_id = "state-machine"
  arn       = aws_sfn_state_machine.watch.arn
  role_arn  = aws_iam_role.watch_schedule.arn

  # No dead-letter queue: the next run replaces a missed one.
  retry_policy {
    maximum_event_age_in_seconds = local.watch_minutes * 60
    maximum_retry_attempts       = 3
  }

  depends_on = [aws_iam_role_policy.watch_schedule]
}
