output "dead_letters_arn" {
  description = "ARN of the dead-letter queue."
  value       = aws_sqs_queue.dead_letters.arn
}

output "dead_letters_name" {
  description = "Name of the dead-letter queue."
  value       = aws_sqs_queue.dead_letters.name
}

output "dead_letters_url" {
  description = "URL of the dead-letter queue, for `make redrive`."
  value       = aws_sqs_queue.dead_letters.url
}

output "rule_names" {
  description = "Names of the EventBridge rules, by key: the keys of start_rules, and failed."
  value       = merge({ for key, rule in aws_cloudwatch_event_rule.start : key => rule.name }, { failed = aws_cloudwatch_event_rule.failed.name })
}

output "state_machine_arn" {
  description = "ARN of the state machine."
  value       = aws_sfn_state_machine.this.arn
}
