data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

# Made of names, so that a plan shows each policy in full.
locals {
  account_id        = data.aws_caller_identity.current.account_id
  states            = "arn:${data.aws_partition.current.partition}:states:${data.aws_region.current.id}:${local.account_id}"
  state_machine_arn = "${local.states}:stateMachine:${var.name}"
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    # An execution of the Map's is of a part of the state machine, which its name ends in.
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local.state_machine_arn, "${local.state_machine_arn}/*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = var.name
  description        = "What the state machine ${var.name} may do."
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

data "aws_iam_policy_document" "access" {
  source_policy_documents = [var.policy_json]

  # A distributed Map runs each item as an execution of the state machine that it is in:
  # https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
  statement {
    sid       = "RunMap"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  statement {
    sid       = "WatchMap"
    actions   = ["states:DescribeExecution"]
    resources = ["${local.states}:execution:${var.name}:*"]
  }

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

resource "aws_iam_role_policy" "this" {
  name   = "access"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.access.json
}

# The prefix keeps CloudWatch Logs from adding each log group to one resource policy of limited size.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_sfn_state_machine" "this" {
  name       = var.name
  definition = var.definition
  role_arn   = aws_iam_role.this.arn
  type       = "STANDARD" # a distributed Map needs it

  # Without execution data: photos' keys are in it.
  logging_configuration {
    include_execution_data = false
    level                  = "ERROR"
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions asks the role for its logs' delivery as the state machine is made.
  depends_on = [aws_iam_role_policy.this]
}
