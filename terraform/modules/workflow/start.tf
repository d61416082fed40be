locals {
  # EventBridge's maximum values.
  longest_event_age_seconds = 24 * 60 * 60
  most_retries              = 185
}

data "aws_iam_policy_document" "assume_start" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = local.start_rule_arns
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

# Role names are unique in the account, so that they contain the region.
resource "aws_iam_role" "start" {
  name                 = "${var.name}-start-${local.region}"
  description          = "Role of the rules that start ${var.name}."
  assume_role_policy   = data.aws_iam_policy_document.assume_start.json
  path                 = var.deployment.role_path
  permissions_boundary = var.deployment.permissions_boundary_arn
  tags                 = var.deployment.tags
}

data "aws_iam_policy_document" "start" {
  statement {
    sid       = "StartExecution"
    actions   = ["states:StartExecution"]
    resources = [local.state_machine_arn]
  }
}

resource "aws_iam_role_policy" "start" {
  name   = "access"
  role   = aws_iam_role.start.id
  policy = data.aws_iam_policy_document.start.json
}

resource "aws_cloudwatch_event_rule" "start" {
  for_each = var.start_rules

  name          = local.rule_names[each.key]
  description   = "Starts ${var.name}."
  event_pattern = each.value.pattern
  tags          = var.deployment.tags
}

resource "aws_cloudwatch_event_target" "start" {
  for_each = var.start_rules

  rule      = aws_cloudwatch_event_rule.start[each.key].name
  target_id = "state-machine"
  arn       = aws_sfn_state_machine.this.arn
  role_arn  = aws_iam_role.start.arn

  input_transformer {
    input_paths    = each.value.input_paths
    input_template = each.value.input_template
  }

  retry_policy {
    maximum_event_age_in_seconds = local.longest_event_age_seconds
    maximum_retry_attempts       = local.most_retries
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  # A rule needs its permissions from its first event on.
  depends_on = [aws_iam_role_policy.start, aws_sqs_queue_policy.dead_letters]
}
