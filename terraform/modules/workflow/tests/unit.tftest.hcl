mock_provider "aws" {
  override_during = plan

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/gallery" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/states/gallery" }
  }

  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws:sqs:eu-west-1:123456789012:gallery-dead-letters"
      url = "https://sqs.eu-west-1.amazonaws.com/123456789012/gallery-dead-letters"
    }
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
  definition         = "{\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
  log_retention_days = 30
  policy_json        = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"

  start_rules = {
    created = {
      pattern        = "{\"source\":[\"aws.s3\"]}"
      input_paths    = { key = "$.detail.object.key" }
      input_template = "{\"key\": <key>}"
    }
  }

  failure_rule = {
    pattern        = "{\"source\":[\"aws.states\"]}"
    input_paths    = { execution_arn = "$.detail.executionArn" }
    input_template = "{\"execution_arn\": <execution_arn>}"
  }
}

run "logs_errors_without_metadata_of_photos" {
  command = plan

  assert {
    condition     = aws_sfn_state_machine.this.logging_configuration[0].level == "ERROR"
    error_message = "Errors must be logged."
  }

  assert {
    condition     = !aws_sfn_state_machine.this.logging_configuration[0].include_execution_data
    error_message = "Execution data, which contains coordinates, must not be logged."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 30 && startswith(aws_cloudwatch_log_group.this.name, "/aws/vendedlogs/states/")
    error_message = "The log group must keep logs for log_retention_days, under the prefix of vended logs."
  }

  assert {
    condition     = aws_sfn_state_machine.this.tracing_configuration[0].enabled
    error_message = "X-Ray must trace executions."
  }
}

run "executions_can_be_redriven_and_described" {
  command = plan

  assert {
    condition     = aws_sfn_state_machine.this.type == "STANDARD"
    error_message = "The type must be STANDARD, which keeps the input of each execution."
  }
}

run "a_rule_retries_for_a_day_and_then_uses_the_dead_letter_queue" {
  command = plan

  assert {
    condition = alltrue([
      for target in aws_cloudwatch_event_target.start :
      target.retry_policy[0].maximum_event_age_in_seconds == 86400 && target.retry_policy[0].maximum_retry_attempts == 185
    ])
    error_message = "A start must be retried as long and as often as EventBridge allows."
  }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.start : target.dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn])
    error_message = "An event that starts nothing must go to the dead-letter queue."
  }
}

run "a_failed_execution_sends_a_dead_letter_message" {
  command = plan

  assert {
    condition     = aws_cloudwatch_event_target.failed.arn == aws_sqs_queue.dead_letters.arn
    error_message = "The rule for failures must send to the dead-letter queue."
  }

  assert {
    condition     = aws_cloudwatch_event_target.failed.input_transformer[0].input_template == var.failure_rule.input_template
    error_message = "The message must match the template."
  }
}

run "dead_letter_messages_are_encrypted_and_kept_for_14_days" {
  command = plan

  assert {
    condition     = aws_sqs_queue.dead_letters.sqs_managed_sse_enabled && aws_sqs_queue.dead_letters.message_retention_seconds == 1209600
    error_message = "Messages must be encrypted, and kept for SQS's maximum of 14 days."
  }
}

run "only_the_rules_may_send_dead_letter_messages_and_only_over_tls" {
  command = plan

  assert {
    condition = toset(one(data.aws_iam_policy_document.dead_letters.statement[0].condition).values) == toset([
      "arn:aws:events:eu-west-1:123456789012:rule/gallery-created",
      "arn:aws:events:eu-west-1:123456789012:rule/gallery-failed",
    ])
    error_message = "Exactly this deployment's rules must be allowed to send messages."
  }

  assert {
    condition     = data.aws_iam_policy_document.dead_letters.statement[1].effect == "Deny" && one(data.aws_iam_policy_document.dead_letters.statement[1].condition).variable == "aws:SecureTransport"
    error_message = "The queue must refuse requests without TLS."
  }
}

run "each_role_has_one_purpose" {
  command = plan

  assert {
    condition     = toset([for condition in data.aws_iam_policy_document.assume.statement[0].condition : condition.variable]) == toset(["aws:SourceAccount", "aws:SourceArn"])
    error_message = "Only this state machine may assume the role."
  }

  assert {
    condition     = anytrue([for condition in data.aws_iam_policy_document.assume_start.statement[0].condition : contains(condition.values, "arn:aws:events:eu-west-1:123456789012:rule/gallery-created")])
    error_message = "Only the rules that start executions may assume the role that starts them."
  }

  assert {
    condition     = !anytrue([for condition in data.aws_iam_policy_document.assume_start.statement[0].condition : contains(condition.values, "arn:aws:events:eu-west-1:123456789012:rule/gallery-failed")])
    error_message = "The rule for dead-letter messages must not be allowed to start executions."
  }

  assert {
    condition     = data.aws_iam_policy_document.start.statement[0].actions == toset(["states:StartExecution"]) && data.aws_iam_policy_document.start.statement[0].resources == toset(["arn:aws:states:eu-west-1:123456789012:stateMachine:gallery"])
    error_message = "The rules must be allowed to start this state machine only."
  }
}
