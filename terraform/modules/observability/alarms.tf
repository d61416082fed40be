locals {
  # One of any of them is one too many.
  execution_alarms = {
    failed    = { metric = "ExecutionsFailed", description = "A photo could not be processed, and it is not the photo's fault. Its letter is in the dead-letter queue." }
    aborted   = { metric = "ExecutionsAborted", description = "Somebody stopped an execution. Its letter is in the dead-letter queue." }
    timed-out = { metric = "ExecutionsTimedOut", description = "An execution did not end within its time. Its letter is in the dead-letter queue." }
    throttled = { metric = "ExecutionThrottled", description = "Step Functions held executions back: more state transitions than the account's quota allows." }
  }
}

resource "aws_cloudwatch_metric_alarm" "executions" {
  for_each = local.execution_alarms

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
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "Letters wait to be redriven; after 14 days they are lost."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.dead_letters_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # SQS is silent about a queue that lies idle for hours
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# What EventBridge could neither deliver nor keep: FailedInvocations leaves out what went to the
# dead-letter queue.
resource "aws_cloudwatch_metric_alarm" "lost_events" {
  for_each = var.rule_names

  alarm_name          = "${var.name}-lost-events-${each.key}"
  alarm_description   = "Events that the rule ${each.value} took were lost. Compare the bucket with the table."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # no events, no metric
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

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
  for_each = var.functions

  alarm_name          = "${var.name}-throttles-${each.key}"
  alarm_description   = "Lambda held ${each.value.name} back: more at once than the account's concurrency allows. The state machine tries again, six times."
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = each.value.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # no invocations, no metric
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# A rejected photo is an error to Lambda as well, and an album of them is no fault of ours: only
# where most of many invocations end in errors is it the function.
resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = var.functions

  alarm_name          = "${var.name}-errors-${each.key}"
  alarm_description   = "For 15 minutes more than half of what ${each.value.name} was asked ended in errors. Its log says which."
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 50 # per cent
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "rate"
    label       = "Errors, per cent of at least 10 invocations"
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

# An execution lasts an hour at the most: a claim of two has died, and nobody has redriven it.
resource "aws_cloudwatch_metric_alarm" "processing" {
  alarm_name          = "${var.name}-processing"
  alarm_description   = "A photo has been PROCESSING for over two hours, or the watch that would tell is silent."
  namespace           = var.metric_namespace
  metric_name         = local.age_metric
  statistic           = "Maximum"
  period              = 2 * local.watch_minutes * 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 2 * 60 * 60
  treat_missing_data  = "breaching" # two runs of the watch have not reported
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}
