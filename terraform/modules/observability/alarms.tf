# An alarm has no ok_actions: CloudWatch evaluates a new alarm at once and executes the actions of its
# first state (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html),
# so that a fresh deployment would send an email for each alarm. And OK, five minutes after a failed
# execution, would not say that the photo has been processed.

locals {
  processing_hours = ceil(var.longest_seconds / 3600) + 1

  # A single occurrence raises the alarm.
  execution_alarms = {
    failed    = { metric = "ExecutionsFailed", description = "A photo could not be processed, and the photo is not the cause. Its message is in the dead-letter queue." }
    aborted   = { metric = "ExecutionsAborted", description = "An execution was stopped. Its message is in the dead-letter queue." }
    timed-out = { metric = "ExecutionsTimedOut", description = "An execution timed out. Its message is in the dead-letter queue." }
  }

  # Nothing waits for a redrive: the page keeps the edit, says that it failed, and offers to try it again. An
  # edit that is refused is not a failed execution. Express workflows are not aborted.
  # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
  edit_alarms = {
    failed    = { metric = "ExecutionsFailed", description = "An edit could not be made, and the request is not the cause. Read the log of the state machine." }
    timed-out = { metric = "ExecutionsTimedOut", description = "An edit timed out. Read the log of the state machine." }
  }

  # Throttled requests are retried, by Step Functions itself and by the state machine. If the retries do
  # not suffice, the execution fails, or its photo has no labels, and there is a dead-letter message. So
  # throttling alone is a fault only if it outlasts every burst.
  throttled_hours = 6
  throttles = merge(
    { executions = { namespace = "AWS/States", metric = "ExecutionThrottled", dimensions = { StateMachineArn = var.state_machine_arn }, what = "state transitions" } },
    { for key, function in var.functions : key => { namespace = "AWS/Lambda", metric = "Throttles", dimensions = { FunctionName = function.name }, what = "invocations of ${function.name}" } },
  )
}

resource "aws_cloudwatch_metric_alarm" "executions" {
  for_each = { for key, one in local.execution_alarms : key => one if var.alarms }

  alarm_name          = "${var.name}-executions-${each.key}"
  alarm_description   = each.value.description
  namespace           = "AWS/States"
  metric_name         = each.value.metric
  dimensions          = { StateMachineArn = var.state_machine_arn }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # no executions, no metric
  alarm_actions       = aws_sns_topic.alarms[*].arn
  tags                = var.deployment.tags
}

resource "aws_cloudwatch_metric_alarm" "edits" {
  for_each = { for key, one in local.edit_alarms : key => one if var.alarms }

  alarm_name          = "${var.name}-edits-${each.key}"
  alarm_description   = each.value.description
  namespace           = "AWS/States"
  metric_name         = each.value.metric
  dimensions          = { StateMachineArn = var.edit_arn }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # no edits, no metric
  alarm_actions       = aws_sns_topic.alarms[*].arn
  tags                = var.deployment.tags
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  count = var.alarms ? 1 : 0

  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "Dead-letter messages are waiting for a redrive. They are lost after 14 days."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.dead_letters_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "ignore" # SQS sends no metrics for a queue that is idle for hours: messages may still wait in it
  alarm_actions       = aws_sns_topic.alarms[*].arn
  tags                = var.deployment.tags
}

# Events that EventBridge could neither deliver nor send to the dead-letter queue. FailedInvocations
# does not count events that went to the dead-letter queue.
resource "aws_cloudwatch_metric_alarm" "lost_events" {
  for_each = { for key, one in var.rule_names : key => one if var.alarms }

  alarm_name          = "${var.name}-lost-events-${each.key}"
  alarm_description   = "Events that matched the rule ${each.value} were lost. Compare the bucket with the table."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # no events, no metric
  alarm_actions       = aws_sns_topic.alarms[*].arn
  tags                = var.deployment.tags

  metric_query {
    id          = "lost"
    label       = "Events lost"
    expression  = "FILL(failed, 0) + FILL(unkept, 0)"
    return_data = true
  }

  metric_query {
    id = "failed"

    metric {
      namespace   = "AWS/Events"
      metric_name = "FailedInvocations"
      dimensions  = { RuleName = each.value }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id = "unkept"

    metric {
      namespace   = "AWS/Events"
      metric_name = "InvocationsFailedToBeSentToDlq"
      dimensions  = { RuleName = each.value }
      stat        = "Sum"
      period      = 300
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each = { for key, one in local.throttles : key => one if var.alarms }

  alarm_name          = "${var.name}-throttles-${each.key}"
  alarm_description   = "In each of the last ${local.throttled_hours} hours AWS throttled ${each.value.what}, because they exceed a quota of the account."
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = local.throttled_hours
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # no requests, no metric
  alarm_actions       = aws_sns_topic.alarms[*].arn
  tags                = var.deployment.tags
}

# Lambda counts a rejected photo as an error, and a user may upload a whole album of them. So the alarm is
# raised only if most of at least 10 invocations end in errors.
resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = { for key, one in var.functions : key => one if var.alarms }

  alarm_name          = "${var.name}-errors-${each.key}"
  alarm_description   = "For 15 minutes more than half of the invocations of ${each.value.name} ended in errors. Read its log."
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 50 # percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = aws_sns_topic.alarms[*].arn
  tags                = var.deployment.tags

  metric_query {
    id          = "rate"
    label       = "Errors, percent of at least 10 invocations"
    expression  = "IF(invocations >= 10, 100 * errors / invocations, 0)"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      dimensions  = { FunctionName = each.value.name }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id = "invocations"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      dimensions  = { FunctionName = each.value.name }
      stat        = "Sum"
      period      = 300
    }
  }
}

# A photo that is PROCESSING for an hour longer than an execution can last has lost its execution.
resource "aws_cloudwatch_metric_alarm" "processing" {
  count = var.alarms ? 1 : 0

  alarm_name          = "${var.name}-processing"
  alarm_description   = "A photo has been PROCESSING for over ${local.processing_hours} hours, or the watch does not report."
  namespace           = var.metric_namespace
  metric_name         = local.age_metric
  statistic           = "Maximum"
  period              = 2 * local.watch_minutes * 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.processing_hours * 60 * 60
  alarm_actions       = aws_sns_topic.alarms[*].arn
  tags                = var.deployment.tags

  # A watch that stops reporting leads to INSUFFICIENT_DATA. "breaching" would also raise the alarm of a
  # fresh deployment, before the first run of the watch: a new alarm is in INSUFFICIENT_DATA already, and
  # only a change of its state executes actions.
  treat_missing_data        = "missing"
  insufficient_data_actions = aws_sns_topic.alarms[*].arn
}
