mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/gallery-watch" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:gallery-alarms" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/states/gallery-watch" }
  }

  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery-watch" }
  }
}

variables {
  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  name               = "gallery"
  architecture       = "arm64"
  dead_letters_name  = "gallery-dead-letters"
  edit_arn           = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery-edit"
  log_retention_days = 30
  longest_seconds    = 7200
  metric_namespace   = "gallery"
  paid_labels        = true
  rejected_errors    = ["EmptyPhotoError", "UnsupportedTypeError"]
  rule_names         = { created = "gallery-created", failed = "gallery-failed" }
  service_tasks      = { "aws-sdk:dynamodb:updateItem" = ["Claim"] }
  state_machine_arn  = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery"
  table              = { name = "gallery", index_names = ["processing"] }
  watch_definition   = "{\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
  watch_policy_json  = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"

  functions = {
    extract   = { name = "gallery-extract", log_group_name = "/aws/lambda/gallery-extract", memory_mb = 512 }
    tag       = { name = "gallery-tag", log_group_name = "/aws/lambda/gallery-tag", memory_mb = 1024 }
    thumbnail = { name = "gallery-thumbnail", log_group_name = "/aws/lambda/gallery-thumbnail", memory_mb = 2048 }
  }
}

run "one_failed_execution_raises_an_alarm" {
  command = plan

  assert {
    condition = toset([for alarm in aws_cloudwatch_metric_alarm.executions : alarm.metric_name]) == toset([
      "ExecutionsFailed", "ExecutionsAborted", "ExecutionsTimedOut",
    ])
    error_message = "Failed, aborted and timed-out executions must each have an alarm."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.executions : alarm.threshold == 0 && alarm.evaluation_periods == 1])
    error_message = "A single occurrence must raise the alarm."
  }
}

run "one_failed_edit_raises_an_alarm" {
  command = plan

  assert {
    condition = {
      for alarm in aws_cloudwatch_metric_alarm.edits : alarm.metric_name => alarm.dimensions.StateMachineArn
      } == {
      ExecutionsFailed   = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery-edit"
      ExecutionsTimedOut = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery-edit"
    }
    error_message = "Failed and timed-out edits must each have an alarm."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.edits : alarm.threshold == 0 && alarm.evaluation_periods == 1])
    error_message = "A single occurrence must raise the alarm."
  }
}

run "only_lasting_throttling_raises_an_alarm" {
  command = plan

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.throttles : alarm.period * alarm.evaluation_periods == 6 * 3600])
    error_message = "Throttling must raise an alarm only if it lasts for six hours."
  }
}

run "one_dead_letter_message_raises_an_alarm" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.dead_letters[0].threshold == 0 && aws_cloudwatch_metric_alarm.dead_letters[0].dimensions.QueueName == "gallery-dead-letters"
    error_message = "A waiting dead-letter message must raise an alarm."
  }
}

run "each_rule_and_each_function_has_its_alarms" {
  command = plan

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.lost_events) == ["created", "failed"]
    error_message = "Each rule must have an alarm for lost events."
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.throttles) == ["executions", "extract", "tag", "thumbnail"] && keys(aws_cloudwatch_metric_alarm.errors) == ["extract", "tag", "thumbnail"]
    error_message = "Each function must have alarms for throttles and errors, and the executions one for throttles."
  }
}

run "an_idle_gallery_raises_no_alarm_but_a_missing_watch_does" {
  command = plan

  assert {
    condition = alltrue([
      for alarm in concat(
        values(aws_cloudwatch_metric_alarm.edits),
        values(aws_cloudwatch_metric_alarm.executions),
        values(aws_cloudwatch_metric_alarm.lost_events),
        values(aws_cloudwatch_metric_alarm.throttles),
        values(aws_cloudwatch_metric_alarm.errors),
      ) : alarm.treat_missing_data == "notBreaching"
    ])
    error_message = "Missing data must not raise an alarm, because an idle gallery sends no metrics."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.dead_letters[0].treat_missing_data == "ignore"
    error_message = "Missing data must not end the alarm, because SQS sends no metrics for a queue that nobody uses."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.processing[0].treat_missing_data == "missing" && aws_cloudwatch_metric_alarm.processing[0].insufficient_data_actions == toset([aws_sns_topic.alarms[0].arn])
    error_message = "A watch that stops reporting must be reported, but not before its first run."
  }
}

run "a_photo_processing_for_longer_than_an_execution_raises_an_alarm" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.processing[0].threshold == 3 * 3600 && aws_cloudwatch_metric_alarm.processing[0].metric_name == "OldestProcessingAge"
    error_message = "PROCESSING for an hour longer than an execution can last must raise an alarm."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.watch.schedule_expression == "rate(15 minutes)" && aws_cloudwatch_metric_alarm.processing[0].period == 1800
    error_message = "The alarm's period must include two runs of the watch."
  }
}

run "the_watch_logs_no_execution_data" {
  command = plan

  assert {
    condition     = aws_sfn_state_machine.watch.type == "EXPRESS" && !aws_sfn_state_machine.watch.logging_configuration[0].include_execution_data
    error_message = "The watch must be an Express workflow that logs no execution data."
  }
}

run "sends_no_emails_by_default" {
  command = plan

  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0
    error_message = "Without alarm_email there must be no subscription."
  }
}

run "sends_every_alarm_to_alarm_email" {
  command = plan

  variables {
    alarm_email = "gallery@example.com"
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "gallery@example.com"
    error_message = "alarm_email must subscribe to the topic."
  }

  assert {
    condition = alltrue([
      for alarm in concat(
        values(aws_cloudwatch_metric_alarm.edits),
        values(aws_cloudwatch_metric_alarm.executions),
        values(aws_cloudwatch_metric_alarm.lost_events),
        values(aws_cloudwatch_metric_alarm.throttles),
        values(aws_cloudwatch_metric_alarm.errors),
        [aws_cloudwatch_metric_alarm.dead_letters[0], aws_cloudwatch_metric_alarm.processing[0]],
      ) : alarm.alarm_actions == toset([aws_sns_topic.alarms[0].arn])
    ])
    error_message = "Every alarm must publish to the topic."
  }
}

run "only_these_alarms_may_publish" {
  command = plan

  assert {
    condition     = anytrue([for condition in data.aws_iam_policy_document.alarms.statement[0].condition : condition.variable == "aws:SourceArn" && condition.values == tolist(["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:gallery-*"])])
    error_message = "Only this deployment's alarms must be allowed to publish to the topic."
  }
}

run "names_that_are_unique_in_the_account_contain_the_region" {
  command = plan

  assert {
    condition = [aws_cloudwatch_dashboard.this.dashboard_name, aws_iam_role.watch.name, aws_iam_role.watch_schedule.name] == [
      "gallery-eu-west-1", "gallery-watch-eu-west-1", "gallery-watch-schedule-eu-west-1",
    ]
    error_message = "The dashboard and the roles must have the region in their names."
  }
}

run "the_dashboard_fits_its_grid" {
  command = plan

  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.x + widget.width <= 24])
    error_message = "The widgets must fit the dashboard's 24 columns."
  }
}

run "the_dashboard_uses_the_resource_names_of_the_metrics" {
  command = plan

  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "\"arn:aws:states:eu-west-1:123456789012:aws-sdk:dynamodb:updateItem\"")
    error_message = "The metric's resource must contain region and account, which the definition's resource does not."
  }
}

run "the_cost_includes_functions_labels_states_and_rows" {
  command = plan

  assert {
    condition = alltrue([
      for part in [
        "FILL(duration_extract, 0) / 1000 * 512 / 1024 * 0.0000133334",
        "FILL(duration_thumbnail, 0) / 1000 * 2048 / 1024 * 0.0000133334",
        "FILL(invocations_tag, 0) * 0.001",
        "FILL(executions, 0) * ${local.transitions_per_photo} * 0.000025",
        "(FILL(writes_0, 0) + FILL(writes_1, 0)) * 0.000000625",
      ] : strcontains(aws_cloudwatch_dashboard.this.dashboard_body, part)
    ])
    error_message = "Each part of the cost must be its metric times its price."
  }
}

run "the_embedded_labeler_has_no_cost_for_each_photo" {
  command = plan

  variables {
    architecture = "x86_64"
    paid_labels  = false
  }

  assert {
    condition     = local.prices.label_request == 0
    error_message = "Labels of the embedded model must have no cost for each photo."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "/ 1024 * 0.0000166667")
    error_message = "x86_64 must have its own price."
  }
}
