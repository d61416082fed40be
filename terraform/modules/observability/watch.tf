locals {
  age_metric    = "OldestProcessingAge" # as workflow/watch.json.tftpl puts it
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

resource "aws_iam_role" "watch" {
  name               = local.watch_name
  description        = "What the state machine ${local.watch_name} may do."
  assume_role_policy = data.aws_iam_policy_document.assume_watch.json
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
    resources = ["*"] # CloudWatch Logs has nothing narrower for deliveries
  }

  statement {
    sid = "WriteTraces"
    actions = [
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    resources = ["*"] # X-Ray has nothing narrower
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
}

# An Express workflow keeps no history: its log is all that is left of it. It sees keys of photos.
resource "aws_sfn_state_machine" "watch" {
  name       = local.watch_name
  definition = var.watch_definition
  role_arn   = aws_iam_role.watch.arn
  type       = "EXPRESS"

  logging_configuration {
    include_execution_data = false
    level                  = "ERROR"
    log_destination        = "${aws_cloudwatch_log_group.watch.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions asks the role for its logs' delivery as the state machine is made.
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
  name               = "${local.watch_name}-schedule"
  description        = "What the rule ${local.watch_name} may do."
  assume_role_policy = data.aws_iam_policy_document.assume_watch_schedule.json
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
  description         = "Looks for photos that stay PROCESSING."
  schedule_expression = "rate(${local.watch_minutes} minutes)"
}

resource "aws_cloudwatch_event_target" "watch" {
  rule      = aws_cloudwatch_event_rule.watch.name
  target_id = "state-machine"
  arn       = aws_sfn_state_machine.watch.arn
  role_arn  = aws_iam_role.watch_schedule.arn

  # No letter is kept of a run that the next one makes up for.
  retry_policy {
    maximum_event_age_in_seconds = local.watch_minutes * 60
    maximum_retry_attempts       = 3
  }

  depends_on = [aws_iam_role_policy.watch_schedule]
}
