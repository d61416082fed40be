# ARNs are composed from names, so that a plan shows each policy in full.
locals {
  account_id        = var.deployment.account_id
  states            = "arn:${var.deployment.partition}:states:${var.deployment.region}:${local.account_id}"
  state_machine_arn = "${local.states}:stateMachine:${var.name}"
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    # Child executions of the Map belong to the state machine's ARN with the name of the Map appended.
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

  # A Distributed Map runs each item as a child execution of its own state machine:
  # https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
  statement {
    sid       = "RunMap"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }

  # An aborted execution stops its children (…/dg/redrive-map-run.html). Versions of the page above differ in
  # whether this takes StopExecution, and no page says which ARN is checked: a child's has the Map's label.
  statement {
    sid     = "DescribeAndStopMap"
    actions = ["states:DescribeExecution", "states:StopExecution"]
    resources = [
      "${local.states}:execution:${var.name}/*:*",
      "${local.states}:execution:${var.name}:*",
    ]
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
  type       = "STANDARD" # required for a Distributed Map
  tags       = var.deployment.tags

  # Without execution data, because it contains the keys of photos.
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
