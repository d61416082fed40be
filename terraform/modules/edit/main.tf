# The ARN is composed from the name, so that a plan shows each policy in full.
locals {
  account_id        = var.deployment.account_id
  state_machine_arn = "arn:${var.deployment.partition}:states:${var.deployment.region}:${local.account_id}:stateMachine:${var.name}"
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.state_machine_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

# Role names are unique in the account, so that they contain the region.
resource "aws_iam_role" "this" {
  name                 = "${var.name}-${var.deployment.region}"
  description          = "Role of the state machine ${var.name}."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  path                 = var.deployment.role_path
  permissions_boundary = var.deployment.permissions_boundary_arn
  tags                 = var.deployment.tags
}

data "aws_iam_policy_document" "access" {
  source_policy_documents = [var.policy_json]

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

resource "aws_iam_role_policy" "this" {
  name   = "access"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.access.json
}

# Without the prefix, CloudWatch Logs would add each log group to one resource policy of limited size.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.deployment.log_kms_key_arn
  tags              = var.deployment.tags
}

resource "aws_sfn_state_machine" "this" {
  name       = var.name
  definition = var.definition
  role_arn   = aws_iam_role.this.arn
  type       = "EXPRESS" # the only type that StartSyncExecution starts
  tags       = var.deployment.tags

  # Without execution data, because it contains texts that people have written. The history of an Express
  # execution is in these logs and nowhere else: https://docs.aws.amazon.com/step-functions/latest/dg/express-at-least-once-execution.html
  logging_configuration {
    include_execution_data = false
    level                  = "ERROR"
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions checks the role's permissions for log delivery when it creates the state machine.
  depends_on = [aws_iam_role_policy.this]
}
