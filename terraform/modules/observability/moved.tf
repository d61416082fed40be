# Resources that have become optional.
moved {
  from = aws_cloudwatch_metric_alarm.dead_letters
  to   = aws_cloudwatch_metric_alarm.dead_letters[0]
}

moved {
  from = aws_cloudwatch_metric_alarm.processing
  to   = aws_cloudwatch_metric_alarm.processing[0]
}

moved {
  from = aws_sns_topic.alarms
  to   = aws_sns_topic.alarms[0]
}

moved {
  from = aws_sns_topic_policy.alarms
  to   = aws_sns_topic_policy.alarms[0]
}
