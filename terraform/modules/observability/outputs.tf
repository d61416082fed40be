output "alarm_topic_arn" {
  description = "ARN of the topic that alarms are published to. null: alarms are off."
  value       = one(aws_sns_topic.alarms[*].arn)
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "watch_arn" {
  description = "ARN of the state machine that reports the age of the oldest PROCESSING photo."
  value       = aws_sfn_state_machine.watch.arn
}
